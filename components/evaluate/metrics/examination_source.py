"""The rows that the examination curve of an evaluation is estimated from."""

from artifacts.examination.curve import ExaminationCurve
from artifacts.examination.estimate import EARLIER, estimate
from artifacts.examination.posterior import CurvePrior
from artifacts.examination.read_strata import CurveEvidence, read_strata
from artifacts.split import split_file
from components.evaluate.inputs import EvaluationInputs
from model.bundle.examination import MOST_POSITIONS


def examination_curve(inputs: EvaluationInputs, last_position: int) -> ExaminationCurve:
    """The curve that the new model carries, and what the test rows add to it that no model before has counted.

    Where it carries none, because nothing identified it in the rows before the test split, those count as well here.
    The test rows of the other cuts are among them, and count once.
    `last_position` is the last logged one. Raises DataError for splits that are damaged.
    """
    positions = min(last_position, MOST_POSITIONS)
    spec, position = inputs.spec, inputs.bundle.manifest.position
    table = position.examination if position else None
    after = table.inherited_until if table else None
    evidence = read_strata(spec, inputs.test, positions, share=1.0, after=after)
    if table:
        return estimate(evidence, CurvePrior.of_table(table, positions, spread=0.0), EARLIER)
    share = inputs.bundle.manifest.sampling.kept_negatives
    train = read_strata(spec, split_file(inputs.splits, "train"), positions, share=share)
    calibration = read_strata(spec, split_file(inputs.splits, "calibration"), positions, share=1.0)
    return estimate(CurveEvidence.joined(evidence, train, calibration), None)
