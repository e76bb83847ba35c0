package io.resnetspark.train.artifact;

import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.Minibatch;

/** A graph for inference, without weights: those are sent apart. */
record ModelNetworkFactory(String id, int threads, ComputeOptions compute, String network, int classes, int side)
        implements ExecutorNetworks.NetworkFactory {
    @Override
    public NetworkGraph graph() {
        return NetworkGraphBuilder.of(Networks.named(network), input(), classes)
                .kernels(compute.layers())
                .build();
    }

    @Override
    public void requireMemory(Placement placement, int networks) {
        if (placement.isOnGpu()) {
            DeviceMemoryEstimate.requireFits(
                    placement.device(),
                    new DeviceMemoryEstimate.Work(
                            Networks.named(network), input(), classes, 0, 1, Minibatch.EVALUATION_CROPS),
                    placement.precision(),
                    networks);
        }
    }

    private Shape input() {
        return Shape.square(3, side);
    }
}
