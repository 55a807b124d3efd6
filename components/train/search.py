"""The search for a setting: Optuna over native XGBoost, judged on rows that are divided as the test split is.

Boosting starts either from the base rate (`trees`) or from a logistic regression (`linear`), and early stopping says
how much the trees add: where deep trees lose, a linear start with a few shallow trees wins.

Every trial is a function of those before it, and of nothing else: the sampler has a seed of its own for each. A search
that was killed goes on from its journal, to the same answer. It ends early when sampling brings nothing.
"""

import time
from dataclasses import dataclass

import optuna
from optuna.trial import TrialState

from artifacts.training import (
    BestTrial,
    EngineUse,
    SearchBudget,
    SearchCost,
    StartName,
    TrainingReport,
    Trial,
    TrialCost,
)
from components.train.boosting import Parameters
from components.train.budget import Spending, StoppedBy
from components.train.candidates import CANDIDATES, SPACE, TrialSetting
from components.train.choice import best, chosen, is_over
from components.train.inputs import TrainingInputs
from components.train.journal import Journal, TrialRecord
from components.train.recipe import MemberSetting, Recipe
from components.train.validation import Validation, validation
from model.progress import ReportProgress

SAMPLED_FROM = 8  # trials before the sampler learns from them
SEEDS = 2**32


@dataclass(frozen=True)
class SearchResult:
    """The settings to train, and how the search went.

    `members` are the numbers of their trials. `log_loss` is that of the best of them on the search's validation rows,
    `alone` that of the logistic regression without trees, and `chance` the relative difference there that says nothing.
    """

    recipe: Recipe
    members: tuple[int, ...]
    chance: float
    log_loss: float
    alone: float
    folds: int
    validation_rows: int
    trials: tuple[TrialRecord, ...]
    stopped_by: StoppedBy

    def report(self, budget: SearchBudget, engine: EngineUse) -> TrainingReport:
        first = self.recipe.settings[0]
        return TrainingReport(
            stopped_by=self.stopped_by,
            budget=budget,
            engine=engine,
            folds=self.folds,
            logistic_log_loss=self.alone,
            chance=self.chance,
            best=BestTrial(start=first.start, rounds=first.rounds, log_loss=self.log_loss, parameters=first.parameters),
            members=self.members,
            trials=tuple(_trial(record) for record in self.trials),
        )

    def cost(self) -> SearchCost:
        return SearchCost(
            trials=tuple(TrialCost(number=record.number, cpu_seconds=record.cpu_seconds) for record in self.trials)
        )


def search(inputs: TrainingInputs, budget: SearchBudget, journal: Journal, *, progress: ReportProgress) -> SearchResult:
    """The best of `budget.trials` settings, or of those that its minutes and processor seconds allowed.

    The same inputs give the same answer, as long as the trials end the search; also when it goes on from `journal`.
    """
    spending = Spending(budget, earlier=sum(record.cpu_seconds for record in journal.records))
    folds = validation(inputs)
    study = _study(journal)
    for number in range(len(journal.records), budget.trials):
        if number and spending.spent() and best(journal.records):
            break
        if is_over(journal.records, folds.chance):
            break
        study.sampler = _sampler(inputs.spec.training.seed, number)
        if number < len(CANDIDATES):
            study.enqueue_trial(CANDIDATES[number])
        record = _evaluate(study, inputs, folds, spending)
        journal.add(record)
        leader = best(journal.records)
        loss = f"best log loss {leader.log_loss:.5f}" if leader else "none finished yet"
        progress(number + 1, budget.trials, f"{number + 1} of {budget.trials} trials, {loss}")
    records = tuple(journal.records[: budget.trials])
    members = chosen(records, folds.chance)
    return SearchResult(
        recipe=Recipe(tuple(_setting(record) for record in members), folds.strength),
        members=tuple(record.number for record in members),
        chance=folds.chance,
        log_loss=members[0].log_loss,
        alone=folds.alone,
        folds=len(folds.folds),
        validation_rows=sum(fold.rows.rows for fold in folds.folds),
        trials=records,
        stopped_by=_stopped_by(records, budget, folds.chance, spending),
    )


def _stopped_by(records: tuple[TrialRecord, ...], budget: SearchBudget, chance: float, spending: Spending) -> StoppedBy:
    """Time that cut a trial's rounds short ended the search, even where it was the last."""
    if any(record.cut for record in records):
        return spending.spent() or "minutes"
    if len(records) == budget.trials:
        return "trials"
    return "no_gain" if is_over(records, chance) else spending.spent() or "minutes"


def _setting(record: TrialRecord) -> MemberSetting:
    return MemberSetting(_start(record.parameters), record.rounds or 1, _of_xgboost(record.parameters))


def _start(setting: TrialSetting) -> StartName:
    return "linear" if setting["start"] == "linear" else "trees"


def _study(journal: Journal) -> optuna.Study:
    """With the trials that an attempt before has made."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=30)
    study = optuna.create_study(direction="minimize", pruner=pruner)
    for record in journal.records:
        state = TrialState.COMPLETE if record.state == "complete" else TrialState.PRUNED
        study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=record.log_loss,
                params=record.parameters,
                distributions=SPACE,
                intermediate_values=dict(record.losses),
            )
        )
    return study


def _sampler(seed: int, number: int) -> optuna.samplers.BaseSampler:
    seed = (seed * 1_000_003 + number) % SEEDS
    return optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=SAMPLED_FROM)


def _evaluate(study: optuna.Study, inputs: TrainingInputs, folds: Validation, spending: Spending) -> TrialRecord:
    """The next trial, until it has its log loss, or until others were better by then or the time is over.

    One setting must come out of every search: when none has finished yet, the time cuts its rounds short instead.
    """
    began = time.process_time()
    trial = study.ask(SPACE)
    first = not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    losses: list[tuple[int, float]] = []
    pruned = late = False

    def report(number: int, loss: float) -> bool:
        nonlocal pruned, late
        losses.append((number, loss))
        trial.report(loss, number)
        late = spending.spent() is not None
        pruned = trial.should_prune() or (late and not first)
        return pruned or late

    for fold in folds.folds:
        fold.begin(_start(trial.params))
    parameters = _of_xgboost(trial.params) | {"seed": inputs.spec.training.seed}
    boosted = inputs.engine.boost([fold.rows for fold in folds.folds], inputs.features, parameters, report)
    loss = losses[-1][1] if pruned else boosted.log_loss
    if pruned:
        study.tell(trial, state=TrialState.PRUNED)  # its value is the last loss that it reported
    else:
        study.tell(trial, loss)
    return TrialRecord(
        number=trial.number,
        state="pruned" if pruned else "complete",
        log_loss=loss,
        rounds=None if pruned else boosted.rounds,
        parameters=trial.params,
        losses=tuple(losses),
        cpu_seconds=time.process_time() - began,
        cut=late,
    )


def _of_xgboost(setting: TrialSetting) -> Parameters:
    return {name: value for name, value in setting.items() if not isinstance(value, str)}


def _trial(record: TrialRecord) -> Trial:
    complete = record.state == "complete"
    return Trial(
        number=record.number,
        state=record.state,
        log_loss=record.log_loss if complete else None,
        rounds=record.rounds,
        parameters=record.parameters,
    )
