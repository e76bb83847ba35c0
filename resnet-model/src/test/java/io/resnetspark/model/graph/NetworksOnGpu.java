package io.resnetspark.model.graph;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.CudaNetwork;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Networks of the catalogue for checks on a GPU, with random minibatches. */
public final class NetworksOnGpu {
    public static final double LEARNING_RATE = 0.05;
    public static final double MOMENTUM = 0.9;
    public static final double WEIGHT_DECAY = 1e-4;

    /**
     * Gamma of the last batch normalisation of each block: with 1, a deep network amplifies rounding errors to
     * percents.
     */
    private static final double LAST_GAMMA = 0.2;

    private NetworksOnGpu() {}

    /** Not yet moved to a GPU. */
    public static NetworkGraph graph(Network network, long seed) {
        NetworkGraph graph = NetworkGraphBuilder.of(network, network.input(), network.classes())
                .kernels(Choice.OPS)
                .updater(new SgdMomentum(MOMENTUM, new FixedSchedule(LEARNING_RATE)))
                .weightDecay(WEIGHT_DECAY)
                .seed(seed)
                .build();
        graph.paramTable().forEach((name, values) -> {
            if (name.matches("layer.*\\.bn3_gamma")
                    || (name.matches("layer.*\\.bn2_gamma")
                            && !graph.paramTable().containsKey(name.replace("bn2", "bn3")))) {
                values.assign(LAST_GAMMA);
            }
        });
        return graph;
    }

    /** The network of a graph, on a GPU without the graph: to measure the time of a step. */
    public static CudaNetwork alone(
            NetworkGraph graph, Network network, Device device, Precision precision, boolean deterministic) {
        FlatParameters flat = FlatParameters.of(graph);
        CudaNetwork there = new CudaNetwork(
                device,
                network,
                network.input(),
                flat.classes(),
                flat.all(),
                (int) graph.numParams(),
                flat.velocityLength(),
                new CudaNetwork.Options(
                        precision,
                        deterministic,
                        MOMENTUM,
                        false,
                        flat.weightDecay(),
                        Double.POSITIVE_INFINITY,
                        (vertex, minibatch, values) -> new byte[values]));
        there.load(NativeFloats.copy(graph.params()));
        return there;
    }

    /** Images from N(0, 1), with one class each. */
    public static DataSet minibatch(Network network, int batch, long seed) {
        Random random = new Random(seed);
        Shape input = network.input();
        float[] images = new float[Math.toIntExact(batch * input.elements())];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        INDArray targets = Nd4j.zeros(batch, network.classes());
        for (int i = 0; i < batch; i++) {
            targets.putScalar(i, random.nextInt(network.classes()), 1);
        }
        return new DataSet(Nd4j.createFromArray(images).reshape(input.withBatch(batch)), targets);
    }
}
