package io.resnetspark.train.worker;

import io.resnetspark.model.graph.NetworkGraph;
import java.util.function.Consumer;

/**
 * What a network trains on next, in the form that it takes where it computes.
 *
 * @param fit makes a step on it, or a part of one
 */
record TrainingMinibatch(int examples, Consumer<NetworkGraph> fit) {}
