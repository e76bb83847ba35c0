package io.resnetspark.train.artifact;

import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.ResidualGraph;
import io.resnetspark.train.worker.ExecutorNetworks;

/** A graph for inference, without weights: those are sent apart. */
record ModelBlueprint(String id, int threads, String network, int classes, int side)
        implements ExecutorNetworks.Blueprint {
    @Override
    public NetworkGraph graph() {
        return ResidualGraph.of(Networks.named(network), Shape.square(3, side), classes)
                .build();
    }
}
