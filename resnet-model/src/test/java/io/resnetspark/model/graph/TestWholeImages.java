package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.VggNetwork;
import io.resnetspark.model.kernel.Kernels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A network that was built for one size computes images of others, as its fully convolutional form does. */
class TestWholeImages {
    private static final int CLASSES = 5;

    private static INDArray images(int count, int height, int width) {
        Nd4j.getRandom().setSeed(31L * height + width);
        return Nd4j.randn(DataType.FLOAT, count, 3, height, width);
    }

    private static NetworkGraph graph(String network, Shape shape, Kernels.Choice kernels) {
        return NetworkGraphBuilder.of(Networks.named(network), shape, CLASSES)
                .kernels(kernels)
                .seed(7)
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "resnet20, 32, 41, 56",
        "resnet20, 32, 91, 32",
        "plain20, 32, 37, 33",
        "preact-resnet20, 32, 40, 55",
        "resnet18, 40, 65, 50"
    })
    void averagesTheScoresOfEveryPosition(String network, int side, int height, int width) {
        for (Kernels.Choice kernels : List.of(Kernels.Choice.AUTO, Kernels.Choice.OPS)) {
            NetworkGraph graph = graph(network, Shape.square(3, side), kernels);
            INDArray images = images(2, height, width);
            // Activations of a network that nobody trained grow from block to block, and softmax would say 0 and 1.
            double largest = Logits.of(graph, images, false).amaxNumber().doubleValue();
            graph.getParam("fc_W").muli(3 / largest);
            NetworkGraph sameOfThatSize = graph(network, new Shape(3, height, width), kernels);
            sameOfThatSize.setParams(graph.params());
            INDArray builtForIt = sameOfThatSize.outputSingle(images).dup();
            INDArray probabilities = graph.outputSingle(images).dup();
            for (int image = 0; image < 2; image++) {
                double[] slow = fullyConvolutional(graph, images, image);
                for (int c = 0; c < CLASSES; c++) {
                    assertThat(probabilities.getDouble(image, c))
                            .as("%s, %s", network, kernels)
                            .isCloseTo(slow[c], within(2e-5))
                            .isCloseTo(builtForIt.getDouble(image, c), within(2e-5));
                }
            }
        }
    }

    /** The classifier as a 1x1 convolution over the features' map; its map of scores is averaged, then the softmax. */
    private static double[] fullyConvolutional(NetworkGraph graph, INDArray images, int image) {
        String last = graph.getConfiguration().getVertexInputs().get("avgpool").get(0);
        INDArray features = graph.feedForward(images, false).get(last);
        double[][] weights = graph.getParam("fc_W").toDoubleMatrix(); // features x classes
        double[] scores = new double[CLASSES];
        for (int c = 0; c < CLASSES; c++) {
            for (long y = 0; y < features.size(2); y++) {
                for (long x = 0; x < features.size(3); x++) {
                    double score = graph.getParam("fc_b").getDouble(c);
                    for (long f = 0; f < features.size(1); f++) {
                        score += features.getDouble(image, f, y, x) * weights[(int) f][c];
                    }
                    scores[c] += score / (features.size(2) * features.size(3));
                }
            }
        }
        return softmax(scores);
    }

    private static double[] softmax(double... scores) {
        double sum = 0;
        for (int c = 0; c < scores.length; c++) {
            scores[c] = Math.exp(scores[c]);
            sum += scores[c];
        }
        for (int c = 0; c < scores.length; c++) {
            scores[c] /= sum;
        }
        return scores;
    }

    @Test
    void goesBackToItsOwnSize() {
        NetworkGraph graph = graph("resnet20", Shape.square(3, 32), Kernels.Choice.AUTO);
        INDArray own = images(3, 32, 32);
        INDArray before = graph.outputSingle(own).dup();
        graph.outputSingle(images(1, 70, 45));
        assertThat(graph.outputSingle(own)).isEqualTo(before);
    }

    @Test
    void onlyGlobalPoolingTakesAnySize() {
        for (Network network : Networks.published()) {
            assertThat(network.takesAnySize()).as(network.name()).isEqualTo(!(network instanceof VggNetwork));
        }
        VggNetwork small = new VggNetwork("vgg-small", List.of(8, 8), List.of(1, 1), 16, 2);
        NetworkGraph graph =
                NetworkGraphBuilder.of(small, Shape.square(3, 16), 2).build();
        assertThatThrownBy(() -> graph.outputSingle(Nd4j.zeros(DataType.FLOAT, 1, 3, 24, 16)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("This vgg-small was built for images of 16 x 16 pixels, not of 24 x 16");
    }
}
