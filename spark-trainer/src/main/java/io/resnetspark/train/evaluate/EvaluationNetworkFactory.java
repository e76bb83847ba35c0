package io.resnetspark.train.evaluate;

import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.train.worker.ExecutorNetworks;

/**
 * A model's factory in an evaluation of several models, or of whole images.
 *
 * @param owner the evaluation: executors keep the graphs of all its models at the same time
 * @param onCpu whether it computes there, whatever the machine has: a GPU's plan is for images of one size
 */
public record EvaluationNetworkFactory(ExecutorNetworks.NetworkFactory model, String owner, boolean onCpu)
        implements ExecutorNetworks.NetworkFactory {
    /** A model alone, which computes on the CPU. */
    public static EvaluationNetworkFactory onCpu(ExecutorNetworks.NetworkFactory model) {
        return new EvaluationNetworkFactory(model, model.owner(), true);
    }

    @Override
    public String id() {
        return model.id();
    }

    @Override
    public int threads() {
        return model.threads();
    }

    @Override
    public NetworkGraph graph() {
        return model.graph();
    }

    @Override
    public ComputeOptions compute() {
        return model.compute();
    }

    @Override
    public Placement placement(int gpu) {
        return onCpu ? Placement.onCpu(compute()) : model.placement(gpu);
    }

    @Override
    public void requireMemory(Placement placement, int networks) {
        model.requireMemory(placement, networks);
    }
}
