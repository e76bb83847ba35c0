package io.resnetspark.train.evaluate;

import io.resnetspark.input.Preprocessing;
import io.resnetspark.train.worker.ExecutorNetworks;
import java.util.List;

/**
 * A model for {@link Evaluation}.
 *
 * @param factory what executors build its graph from
 * @param parameters in the order of the graph's flat parameters
 * @param preprocessing as its images are to be seen, by a centre crop
 * @param classes that the network's outputs stand for; images of others are never right
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record EvaluatedModel(
        ExecutorNetworks.NetworkFactory factory,
        float[] parameters,
        Preprocessing preprocessing,
        List<String> classes) {}
