package io.resnetspark.train;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.SamplerState;
import io.resnetspark.train.averaging.Engine;
import io.resnetspark.train.averaging.PreciseStatistics;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.ValidationCoverage;
import io.resnetspark.train.report.Metrics;
import io.resnetspark.train.worker.TrainingState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** How good the states of a run are, measured on the validation images, if the recipe asks for it. */
record RunEvaluation(TrainingSetup setup, Engine engine, Progress progress) {
    private Recipe recipe() {
        return setup.recipe();
    }

    /** The state at the end of an epoch, evaluated, with the next epoch's work. */
    RunState atEndOfEpoch(RunState state, Metrics metrics) throws IOException {
        SamplerState next = setup.plan().work(state.training().work().epoch() + 1);
        if (recipe().data().validationCoverage() == ValidationCoverage.NONE) {
            return state.with(state.training().with(next));
        }
        RunState evaluated = evaluated(state.with(engine.fetched(state.training())), metrics);
        int drops = recipe().learningRate().drops(evaluated.errors());
        return evaluated.with(evaluated.training().with(next).withDrops(drops));
    }

    /** The last state, with the statistics of batch normalisation computed anew if the recipe asks for it. */
    RunState withPreciseStatistics(RunState last, Metrics metrics) throws IOException {
        if (recipe().preciseBatchNorm() == 0) {
            return last;
        }
        TrainingState state = last.training();
        float[] parameters = PreciseStatistics.of(
                setup.spark(), setup.plan(), state, setup.statistics(), recipe().preciseBatchNorm());
        RunState precise = last.with(state.withParameters(parameters));
        return recipe().data().validationCoverage() == ValidationCoverage.NONE ? precise : evaluated(precise, metrics);
    }

    /** The results of the final model, by each protocol of the recipe. */
    List<EvaluationResult> results(RunState last) throws IOException {
        if (last.evaluation() == null) {
            return List.of();
        }
        List<EvaluationResult> results = new ArrayList<>(List.of(last.evaluation()));
        List<EvaluationProtocol> others = recipe().data().protocols().stream()
                .filter(protocol -> protocol != EvaluationProtocol.ONE_CROP)
                .toList();
        if (!others.isEmpty()) {
            results.addAll(evaluate(last.training(), others));
        }
        return results;
    }

    private RunState evaluated(RunState state, Metrics metrics) throws IOException {
        TrainingState training = state.training();
        EvaluationResult result =
                evaluate(training, List.of(EvaluationProtocol.ONE_CROP)).get(0);
        int epochs = (int) Math.round(setup.plan().epochs(training.work(), 0));
        metrics.add(Metrics.EvaluationLine.of(epochs, training.iteration(), result));
        return state.with(result, metrics.length());
    }

    private List<EvaluationResult> evaluate(TrainingState state, List<EvaluationProtocol> protocols)
            throws IOException {
        return new Evaluation(setup.spark(), setup.data(), Split.VAL, protocols.toArray(EvaluationProtocol[]::new))
                .executeAll(setup.plan(), state.parameters(), setup.evaluation(), progress);
    }
}
