package io.resnetspark.model.graph;

import io.resnetspark.model.Network;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.Random;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Small networks that a GPU supports, as trainable graphs, with minibatches. */
final class SmallGraphs {
    static final int CLASSES = SmallNetworks.CLASSES;

    private SmallGraphs() {}

    /** All except the one whose channels do not fill 16 bytes. */
    static Stream<Network> networks() {
        return SmallNetworks.all().filter(network -> !network.name().equals("narrow"));
    }

    static Network named(String name) {
        return networks()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    static NetworkGraph graph(Network network, DataType type) {
        return NetworkGraphBuilder.of(network, SmallNetworks.input(network), CLASSES)
                .kernels(Choice.OPS)
                .type(type)
                .updater(new SgdMomentum(0.9, new FixedSchedule(0.05)))
                .weightDecay(1e-3)
                .seed(2)
                .build();
    }

    static DataSet data(Network network, int batch, DataType type) {
        Random random = new Random(batch);
        INDArray images = Nd4j.create(type, SmallNetworks.input(network).withBatch(batch));
        for (long i = 0; i < images.length(); i++) {
            images.putScalar(i, random.nextGaussian());
        }
        INDArray targets = Nd4j.zeros(type, batch, CLASSES);
        for (int i = 0; i < batch; i++) {
            targets.putScalar(i, i % CLASSES, 1);
        }
        return new DataSet(images, targets);
    }

    static double relativeError(float[] found, float... expected) {
        double[] exact = new double[expected.length];
        for (int i = 0; i < exact.length; i++) {
            exact[i] = expected[i];
        }
        return relativeError(found, exact, 0, exact.length);
    }

    /** Of vectors, by their norms. */
    static double relativeError(float[] found, double[] expected, int from, int to) {
        double difference = 0;
        double norm = 0;
        for (int i = from; i < to; i++) {
            difference += Math.pow(found[i] - expected[i], 2);
            norm += expected[i] * expected[i];
        }
        return Math.sqrt(difference / Math.max(norm, 1e-12));
    }
}
