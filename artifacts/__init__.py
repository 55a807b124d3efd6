"""What passes between steps: one class per JSON document, each with a format number and a JSON Schema."""
