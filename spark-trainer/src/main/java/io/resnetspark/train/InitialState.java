package io.resnetspark.train;

import io.resnetspark.input.Normalization;
import io.resnetspark.input.SamplerState;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.model.weights.Tensor;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import io.resnetspark.train.recipe.InitialModel;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.worker.TrainingState;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** The state before the first step: random weights, or those of a model, perhaps with a classifier of its own. */
final class InitialState {
    private final Recipe recipe;
    private final List<String> classes;
    private final NetworkGraph graph;

    /** @param graph initialised from the recipe's seed */
    InitialState(Recipe recipe, List<String> classes, NetworkGraph graph) {
        this.recipe = recipe;
        this.classes = classes;
        this.graph = graph;
    }

    /**
     * The state.
     *
     * @throws BadInputException if the initial model is of another network or, its head being kept, of other classes; or if
     *     one of the model and the recipe divides images by a standard deviation and the other does not
     */
    TrainingState state(SamplerState work, Configuration conf) throws IOException {
        if (recipe.initialModel().isGiven()) {
            load(ModelArtifact.open(Locations.of(recipe.initialModel().path()), conf), recipe.initialModel());
        }
        float[] parameters = graph.copyParameters();
        int trainable = (int) graph.getUpdater().getStateViewArray().length();
        boolean averaged = recipe.averaging().momentum() == MomentumRule.AVERAGED;
        boolean outer = recipe.averaging().outer().hasVelocity();
        return TrainingState.begin(
                work, parameters, new float[averaged ? trainable : 0], new float[outer ? parameters.length : 0]);
    }

    private void load(ModelArtifact model, InitialModel initial) {
        Map<String, Tensor> weights = new HashMap<>(model.weights());
        if (!model.description().network().equals(recipe.network())) {
            throw new BadInputException(model.path() + " is a "
                    + model.description().network() + "; the recipe's network is " + recipe.network() + ".");
        }
        refuseOtherScale(model);
        switch (initial.head()) {
            case KEEP -> refuseOtherClasses(model);
            case NEW -> weights.putAll(freshHead());
            case BY_CLASS -> weights.putAll(headByClass(model));
        }
        NetworkWeights.load(weights, graph);
    }

    /** Other means shift the first layer's inputs a little; a deviation on one side alone makes them about 60 times as large. */
    private void refuseOtherScale(ModelArtifact model) {
        Normalization seen = model.preprocessing().normalization();
        if (seen.hasStd() == recipe.data().dividesByStd()) {
            return;
        }
        throw new BadInputException(
                seen.hasStd()
                        ? model.path() + " divides images by the standard deviation " + Arrays.toString(seen.std())
                                + "; the recipe does not, so that its weights would get values as many times as large as"
                                + " they were trained for. Set data.std = per-channel."
                        : model.path() + " does not divide images by a standard deviation; the recipe does, so that its"
                                + " weights would get values far smaller than they were trained for. Set data.std = none.");
    }

    private void refuseOtherClasses(ModelArtifact model) {
        if (!model.description().classes().equals(classes)) {
            throw new BadInputException(
                    model.path() + " knows " + model.description().classes().size()
                            + " classes, which are not the " + classes.size()
                            + " of the dataset, or not in this order. Say initial-model.head = by-class to keep what it"
                            + " knows of those with the same names, or initial-model.head = new.");
        }
    }

    private Map<String, Tensor> freshHead() {
        String head = graph.getConfiguration().getNetworkOutputs().get(0) + ".";
        Map<String, Tensor> fresh = new HashMap<>(NetworkWeights.of(graph));
        fresh.keySet().removeIf(name -> !name.startsWith(head));
        return fresh;
    }

    /** A row of the classifier's weight, and a value of its bias, is what it knows of a class. */
    private Map<String, Tensor> headByClass(ModelArtifact model) {
        List<String> known = model.description().classesBeside(classes);
        int[] rows = classes.stream().mapToInt(known::indexOf).toArray();
        Map<String, Tensor> head = freshHead();
        head.replaceAll((name, fresh) -> fresh.withRows(rows, model.weights().get(name)));
        return head;
    }
}
