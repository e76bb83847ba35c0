package io.resnetspark.train.bench;

import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.layer.SgdMomentum;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.worker.ArrayPool;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerReport;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.nd4j.linalg.schedule.FixedSchedule;

/** A worker's part of a round in which it takes the state, sleeps through its steps, and gives the state back. */
record SimulatedWork(NetworkFactory factory, AveragingRecipe recipe, SimulatedSteps steps) implements LocalWork {
    /** The least that all networks of the catalogue but VGG take; it does not matter for what is measured. */
    static final int SIDE = 32;

    /** A network with as many classes as it was published with. */
    static NetworkGraph graph(String name) {
        Network network = Networks.named(name);
        return NetworkGraphBuilder.of(network, Shape.square(3, SIDE), network.classes())
                .updater(new SgdMomentum(0.9, new FixedSchedule(0)))
                .build();
    }

    /** What executors build their networks from. */
    record NetworkFactory(String id, String network) implements ExecutorNetworks.NetworkFactory {
        static NetworkFactory of(String network) {
            return new NetworkFactory(UUID.randomUUID().toString(), network);
        }

        @Override
        public int threads() {
            return 1;
        }

        @Override
        public ComputeOptions compute() {
            return ComputeOptions.AUTO;
        }

        @Override
        public NetworkGraph graph() {
            return SimulatedWork.graph(network);
        }
    }

    @Override
    public WorkerUpdate.WithLocalState run(
            TrainingState state, int worker, WorkerLocalState localState, Configuration conf, Progress progress)
            throws IOException {
        return ExecutorNetworks.with(factory, network -> {
            NetworkGraph graph = network.graph();
            TrainingState begin = localState.start(state, network.statistics(), 0.5);
            LocalSteps.load(begin, graph);
            progress.stepsBegin();
            long start = System.nanoTime();
            steps.sleep();
            double computing = (System.nanoTime() - start) * 1e-9;
            float[] parameters = ArrayPool.take((int) graph.numParams());
            float[] velocity =
                    ArrayPool.take((int) graph.getUpdater().getStateViewArray().length());
            graph.copyTo(parameters, velocity);
            WorkerReport report = new WorkerReport(worker, 1, 1, 0, 1, 0, 0, computing);
            WorkerUpdate reached = new WorkerUpdate(
                    report,
                    FloatBlock.of(parameters),
                    FloatBlock.of(velocity),
                    FloatBlock.of(network.statistics().values(parameters)));
            return WorkerUpdate.WithLocalState.of(reached, begin, localState, network.statistics(), recipe);
        });
    }
}
