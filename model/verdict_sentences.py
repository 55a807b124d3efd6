"""What each verdict means, in a sentence: in the report of a run and on the page of a server."""

VERDICT_SENTENCES = {
    "promote": "Every rule passes: an image may be built from this model.",
    "hold": "Not shown to be good enough. No image is built.",
    "reject": "Shown to be worse, or not what the spec asks for. No image is built.",
    "insufficient-data": "There is too little data to decide. No image is built.",
    "invalid": "Something is missing or not finite. No image is built.",
}
