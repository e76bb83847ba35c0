package io.resnetspark.model.bench;

import io.resnetspark.model.Census;
import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.Network;
import io.resnetspark.model.ResidentMemory;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.ResidualGraph;
import io.resnetspark.model.graph.StockGraph;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.MultiplyAddPeak;
import io.resnetspark.model.kernel.Threads;
import io.resnetspark.model.layer.Momentum;
import java.util.Arrays;
import java.util.Locale;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.schedule.FixedSchedule;

/**
 * How fast a network trains and infers on this machine: the same random batch again and again, through
 * {@link ComputationGraph#fit}, with momentum and weight decay.
 *
 * @param image height and width, in pixels
 * @param iterations timed, after {@link #WARM_UP} that are not
 */
public record TrainingBenchmark(
        Network network, int batch, int image, int threads, Contestant contestant, int iterations) {
    /** DL4J learns the size of its workspaces, and the JVM its hot methods. */
    private static final int WARM_UP = 8;

    private static final double LEARNING_RATE = 0.01;
    private static final double WEIGHT_DECAY = 1e-4;

    /** What computes. */
    public enum Contestant {
        /** Ours, with the kernels that networks use on this machine. */
        AUTO(Kernels.Choice.AUTO),
        /** Ours on oneDNN. */
        ONEDNN(Kernels.Choice.ONEDNN),
        /** Ours on ND4J's ops. */
        OPS(Kernels.Choice.OPS),
        /** DL4J's own layers and its Nesterov momentum. */
        STOCK(null);

        private final Kernels.Choice kernels;

        Contestant(Kernels.Choice kernels) {
            this.kernels = kernels;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Medians.
     *
     * @param image side in pixels
     * @param kernels as asked for
     * @param peakResidentMib of the process since its start; 0 where the system does not tell
     * @param peakShare multiply-adds of training (three times those of inference, counted as plain convolutions) beside
     *     those of a product of matrices; Winograd's convolutions need fewer than are counted
     */
    public record Result(
            String network,
            int batch,
            int image,
            int threads,
            String kernels,
            double trainImagesPerSecond,
            double inferenceImagesPerSecond,
            long peakResidentMib,
            double peakShare) {}

    /** @throws IllegalArgumentException saying how much memory oneDNN's kernels would take, if there is less */
    public Result run() {
        Census census = network.census(input(), network.classes());
        if (contestant == Contestant.AUTO || contestant == Contestant.ONEDNN) {
            MemoryEstimate.of(census, batch).requireRoom(network.name(), batch, 1, ResidentMemory.available());
        }
        Threads.limit(threads);
        ComputationGraph graph = graph();
        DataSet data = data();
        double training = rate(() -> graph.fit(data));
        double inference = rate(() -> graph.outputSingle(data.getFeatures()));
        long resident = ResidentMemory.peakBytes() >> 20;
        double peak = MultiplyAddPeak.measure();
        return new Result(
                network.name(),
                batch,
                image,
                threads,
                contestant.toString(),
                training,
                inference,
                resident,
                3 * census.multiplyAdds() * training / peak);
    }

    private Shape input() {
        return Shape.square(3, image);
    }

    private ComputationGraph graph() {
        if (contestant == Contestant.STOCK) {
            return StockGraph.build(
                    network,
                    input(),
                    network.classes(),
                    DataType.FLOAT,
                    new Nesterovs(LEARNING_RATE, 0.9),
                    WEIGHT_DECAY);
        }
        return ResidualGraph.of(network, input(), network.classes())
                .kernels(contestant.kernels)
                .updater(new Momentum(0.9, new FixedSchedule(LEARNING_RATE)))
                .weightDecay(WEIGHT_DECAY)
                .seed(1)
                .build();
    }

    private DataSet data() {
        INDArray labels = Nd4j.zeros(batch, network.classes());
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % network.classes(), 1);
        }
        return new DataSet(Nd4j.randn(input().withBatch(batch)), labels);
    }

    /** Images a second, by the median step. */
    private double rate(Runnable step) {
        long[] nanoseconds = new long[iterations];
        for (int i = -WARM_UP; i < iterations; i++) {
            long start = System.nanoTime();
            step.run();
            if (i >= 0) {
                nanoseconds[i] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanoseconds);
        return batch * 1e9 / nanoseconds[iterations / 2];
    }
}
