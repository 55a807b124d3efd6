"""The steps of the pipeline, one folder each: `component.py` is what KFP runs, the other modules are the logic.

load_spec/    the spec as an artifact
resolve/      what the outer world says, as values
champion/     the model in service
extract/      rows from the model's query
preprocess/   rejected rows and the three splits
train/        a bundle, and the baselines
evaluate/     the verdict, its metrics and the report
build_image/  the image of a promoted model, and the summary of a run
conclude/     the end of a run
step.py       what every step reports while it runs
"""
