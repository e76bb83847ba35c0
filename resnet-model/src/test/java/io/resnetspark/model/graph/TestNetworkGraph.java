package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Features of our graphs beyond DL4J's. */
class TestNetworkGraph {
    private static final Shape IMAGE = Shape.square(3, 16);

    private static NetworkGraphBuilder resnet20() {
        return NetworkGraphBuilder.of(Networks.named("resnet20"), IMAGE, 10).seed(3);
    }

    /**
     * Both start each step from the same parameters and velocity, so the gradients are the same and only the update can
     * differ. Over several float steps two correct updates diverge, because one rounding error that flips a ReLU
     * changes the next gradient (docs/performance.md).
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachStepMatchesDl4j(boolean nesterov) {
        NetworkGraphBuilder builder = resnet20().updater(fallingRate(nesterov)).weightDecay(0.01);
        ComputationGraph ours = builder.build();
        ComputationGraph dl4js = plain(builder);
        for (int step = 0; step < 4; step++) {
            dl4js.setParams(ours.params());
            dl4js.getUpdater().getStateViewArray().assign(ours.getUpdater().getStateViewArray());
            DataSet batch = batch(step == 3 ? 3 : 8);
            ours.fit(batch);
            dl4js.fit(batch);
            assertClose(ours.params(), dl4js.params());
            assertClose(
                    ours.getUpdater().getStateViewArray(), dl4js.getUpdater().getStateViewArray());
        }
        assertThat(ours.getIterationCount()).isEqualTo(4);
    }

    /** A whole training, in double precision, where rounding errors are too small to flip a ReLU in four steps. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trainingMatchesDl4j(boolean nesterov) {
        NetworkGraphBuilder builder = resnet20()
                .kernels(Choice.OPS)
                .type(DataType.DOUBLE)
                .updater(fallingRate(nesterov))
                .weightDecay(0.01);
        ComputationGraph ours = builder.build();
        ComputationGraph dl4js = plain(builder);
        dl4js.setParams(ours.params());
        for (int step = 0; step < 4; step++) {
            DataSet batch = batch(step == 3 ? 3 : 8);
            batch.setFeatures(batch.getFeatures().castTo(DataType.DOUBLE));
            batch.setLabels(batch.getLabels().castTo(DataType.DOUBLE));
            ours.fit(batch);
            dl4js.fit(batch);
        }
        assertClose(ours.params(), dl4js.params(), 1e-10);
        assertClose(ours.getUpdater().getStateViewArray(), dl4js.getUpdater().getStateViewArray(), 1e-10);
    }

    private static SgdMomentum fallingRate(boolean nesterov) {
        return new SgdMomentum(0.9, nesterov, new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.1, 2, 0.01)));
    }

    private static ComputationGraph plain(NetworkGraphBuilder builder) {
        ComputationGraph graph = new ComputationGraph(builder.configuration());
        graph.init();
        assertThat(FusedSgd.supports(graph)).isTrue();
        return graph;
    }

    /** Gradients are accumulated; each minibatch has its own batch statistics. */
    @Test
    void accumulatesMinibatchesIntoOneStep() {
        List<DataSet> parts = List.of(batch(6), batch(2));
        NetworkGraph whole = fixed(0.1, 0).build();
        INDArray start = whole.params().dup();
        INDArray expected = whole.getUpdater().getStateViewArray().like();
        for (DataSet part : parts) {
            NetworkGraph alone = fixed(0.1, 0).build();
            alone.setParams(start);
            alone.fit(part);
            expected.addi(alone.getUpdater().getStateViewArray().mul(part.numExamples() / 8.0));
        }
        for (int repeat = 0; repeat < 2; repeat++) {
            whole.setParams(start);
            whole.getUpdater().getStateViewArray().assign(0);
            whole.beginStep(2);
            whole.fit(parts.get(0));
            assertThat(whole.getParam("fc_W")).isEqualTo(part(start, whole));
            whole.fit(parts.get(1));
            assertClose(whole.getUpdater().getStateViewArray(), expected);
            assertThat(whole.getParam("fc_W")).isNotEqualTo(part(start, whole));
        }
    }

    private static INDArray part(INDArray parameters, NetworkGraph graph) {
        NetworkGraph other = graph.getClass().cast(graph.clone());
        other.setParams(parameters);
        return other.getParam("fc_W");
    }

    private static NetworkGraphBuilder fixed(double rate, double decay) {
        return resnet20().updater(new SgdMomentum(0.9, new FixedSchedule(rate))).weightDecay(decay);
    }

    @Test
    void clipsGradientsToTheMaximumNorm() {
        DataSet batch = batch(8);
        NetworkGraph free = fixed(1, 0).build();
        NetworkGraph loose = fixed(1, 0).build();
        NetworkGraph bounded = fixed(1, 0).build();
        free.fit(batch);
        INDArray step = free.getUpdater().getStateViewArray();
        double norm = step.castTo(DataType.DOUBLE).norm2Number().doubleValue();
        loose.clipGradientNorm(norm * 1.01);
        loose.fit(batch);
        assertThat(loose.getUpdater().getStateViewArray()).isEqualTo(step);
        bounded.clipGradientNorm(norm / 4);
        bounded.fit(batch);
        assertClose(bounded.getUpdater().getStateViewArray(), step.div(4));
    }

    @Test
    void usesTheLearningRateThatIsSet() {
        DataSet batch = batch(8);
        NetworkGraph scheduled = fixed(0.02, 0.01).build();
        NetworkGraph told = fixed(5, 0.01).build();
        scheduled.fit(batch);
        told.learningRate(0.02);
        told.fit(batch);
        assertThat(told.params()).isEqualTo(scheduled.params());
    }

    @Test
    void frozenParametersDoNotChange() {
        NetworkGraph graph =
                fixed(0.1, 0.01).frozen(Set.of("conv1", "bn1", "layer1")).build();
        Map<String, INDArray> before = new HashMap<>();
        graph.paramTable().forEach((name, values) -> before.put(name, values.dup()));
        graph.learningRate(0.1);
        graph.fit(batch(8));
        graph.paramTable().forEach((name, values) -> {
            boolean statistic = name.endsWith("_mean") || name.endsWith("_var");
            boolean frozen = name.matches("(conv1|bn1|layer1)[._].*") && !statistic;
            assertThat(values.equals(before.get(name))).as(name).isEqualTo(frozen);
        });
    }

    @Test
    void errorListsFreezableParts() {
        assertThatThrownBy(() -> fixed(0.1, 0).frozen(Set.of("layer1", "stem")).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("resnet20 has no part 'stem' to be frozen; it has avgpool, bn1, conv1, fc, ")
                .hasMessageContaining("layer1");
    }

    @Test
    void weightDecayCanBeLimitedToWeights() {
        Map<String, INDArray> moved = new HashMap<>();
        DataSet batch = batch(8);
        NetworkGraph without = fixed(0.1, 0).build();
        NetworkGraph graph = fixed(0.1, 0.5).decayWeightsOnly(true).build();
        without.fit(batch);
        graph.fit(batch);
        graph.paramTable().forEach((name, values) -> moved.put(name, values.sub(without.getParam(name))));
        moved.forEach((name, difference) -> assertThat(difference.amaxNumber().doubleValue() > 1e-6)
                .as(name)
                .isEqualTo(name.endsWith("_W")));
    }

    @Test
    void clonesTrainLikeTheOriginal() {
        ComputationGraph original =
                resnet20().updater(new SgdMomentum(0.9, new FixedSchedule(0.1))).build();
        original.fit(batch(4));
        ComputationGraph clone = original.clone();
        assertThat(clone).isInstanceOf(NetworkGraph.class);
        original.fit(batch(4));
        clone.fit(batch(4));
        assertThat(clone.params()).isEqualTo(original.params());
    }

    /** Weight decay acts in the gradient; the reported score is the loss. */
    @Test
    void scoreIsTheCrossEntropyAlone() {
        for (String name : List.of("resnet20", "vgg16")) {
            double[] scores = new double[2];
            for (int decays = 0; decays < 2; decays++) {
                ComputationGraph graph = NetworkGraphBuilder.of(Networks.named(name), Shape.square(3, 32), 10)
                        .weightDecay(decays)
                        .seed(3)
                        .build();
                Nd4j.getRandom().setSeed(1);
                graph.setInputs(Nd4j.rand(2, 3, 32, 32));
                graph.setLabels(Nd4j.eye(10).get(NDArrayIndex.interval(0, 2), NDArrayIndex.all()));
                graph.computeGradientAndScore();
                scores[decays] = graph.score();
            }
            assertThat(scores[1]).as(name).isEqualTo(scores[0]);
        }
    }

    @Test
    void otherUpdatersAreLeftToDl4j() {
        ComputationGraph ours = resnet20().updater(new Sgd(0.1)).build();
        assertThat(FusedSgd.supports(ours)).isFalse();
        ComputationGraph dl4js =
                new ComputationGraph(resnet20().updater(new Sgd(0.1)).configuration());
        dl4js.init();
        dl4js.setParams(ours.params());
        ours.fit(batch(4));
        dl4js.fit(batch(4));
        assertThat(ours.params()).isEqualTo(dl4js.params());
    }

    @Test
    void activationsAreInPlainNchw() {
        assumeThat(Choice.AUTO.on(DataType.FLOAT).description()).startsWith("oneDNN");
        ComputationGraph plain = resnet20().kernels(Choice.OPS).build();
        ComputationGraph ours = resnet20().kernels(Choice.AUTO).build();
        ours.setParams(plain.params());
        Map<String, INDArray> heard = new HashMap<>();
        ours.setListeners(new BaseTrainingListener() {
            @Override
            public void onForwardPass(Model model, Map<String, INDArray> activations) {
                activations.forEach((name, values) -> heard.put(name, values.dup()));
            }
        });
        DataSet batch = batch(2);
        INDArray images = batch.getFeatures();
        Map<String, INDArray> expected = plain.feedForward(images, false);
        Map<String, INDArray> actual = ours.feedForward(images, false);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> assertClose(actual.get(name), values));

        INDArray stage = ours.output(List.of("layer2.0"), false, new INDArray[] {images}, null)[0];
        assertClose(stage, expected.get("layer2.0"));

        ours.setInputs(images);
        ours.setLabels(batch.getLabels());
        ours.computeGradientAndScore();
        Map<String, INDArray> training = plain.feedForward(images, true);
        assertClose(heard.get("layer3.2"), training.get("layer3.2"));
    }

    @Test
    void unsuitableInputOrClassesAreExplained() {
        assertThatThrownBy(() -> NetworkGraphBuilder.of(Networks.named("resnet50"), Shape.square(3, 16), 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot take images of 3x16x16")
                .hasMessageContaining("the smallest are 3x17x17");
        assertThatThrownBy(() -> NetworkGraphBuilder.of(Networks.named("vgg16"), Shape.square(1, 31), 10))
                .hasMessageContaining("the smallest are 1x32x32.");
        assertThatThrownBy(() -> NetworkGraphBuilder.of(Networks.named("resnet20"), IMAGE, 0))
                .hasMessageContaining("0 classes");
        assertThatThrownBy(() -> NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(16, 32), 10))
                .hasMessageContaining("Images have 1 or 3 channels, or other few, not 16");
    }

    private static void assertClose(INDArray actual, INDArray expected) {
        assertClose(actual, expected, 1e-5);
    }

    private static void assertClose(INDArray actual, INDArray expected, double tolerance) {
        assertThat(actual.sub(expected).norm2Number().doubleValue())
                .isCloseTo(0, within(tolerance * (1 + expected.norm2Number().doubleValue())));
    }

    private static DataSet batch(int size) {
        Nd4j.getRandom().setSeed(size);
        INDArray labels = Nd4j.zeros(size, 10);
        for (int i = 0; i < size; i++) {
            labels.putScalar(i, i, 1);
        }
        return new DataSet(Nd4j.rand(IMAGE.withBatch(size)), labels);
    }
}
