package io.resnetspark.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.ActivationOrder;
import io.resnetspark.model.Block;
import io.resnetspark.model.Network;
import io.resnetspark.model.ResidualNetwork;
import io.resnetspark.model.Shortcut;
import io.resnetspark.model.Stem;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class TestSgdMomentum {
    @Test
    void stepFollowsTheFormula() {
        SgdMomentum ball = new SgdMomentum(0.9, new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.5, 1, 0.1)));
        GradientUpdater<SgdMomentum> updater = ball.instantiate(Nd4j.zeros(DataType.DOUBLE, 1, 1), true);
        double[] gradients = {2, -4, 1};
        double[] rates = {0.5, 0.1, 0.1};
        double velocity = 0;
        for (int i = 0; i < 3; i++) {
            INDArray gradient = Nd4j.scalar(gradients[i]).reshape(1, 1);
            updater.applyUpdater(gradient, i, 0);
            velocity = 0.9 * velocity + rates[i] * gradients[i];
            assertThat(gradient.getDouble(0)).isCloseTo(velocity, within(1e-12));
        }
    }

    /** Weight decay acts on every trainable parameter, through the momentum, and not on running statistics. */
    @Test
    void weightDecayActsOnParametersButNotStatistics() {
        Network network = new ResidualNetwork(
                "tiny", Stem.CIFAR, Block.BASIC, ActivationOrder.POST_ACTIVATION, Shortcut.PADDED, List.of(1), 2);
        ComputationGraph plain = graph(network, 0);
        ComputationGraph decayed = graph(network, 0.25);
        decayed.setParams(plain.params());
        Map<String, INDArray> before = new java.util.HashMap<>();
        plain.paramTable().forEach((name, values) -> before.put(name, values.dup()));
        Nd4j.getRandom().setSeed(1);
        DataSet data =
                new DataSet(Nd4j.rand(4, 3, 8, 8), Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}, {1, 0}, {0, 1}
                }));
        plain.fit(data);
        decayed.fit(data);
        before.forEach((name, start) -> {
            INDArray moved = plain.getParam(name).sub(decayed.getParam(name));
            boolean statistic = name.endsWith("_mean") || name.endsWith("_var");
            INDArray expected = statistic ? start.mul(0) : start.mul(0.1 * 0.25);
            assertThat(moved.sub(expected).amaxNumber().doubleValue()).as(name).isLessThan(1e-6);
        });
    }

    private static ComputationGraph graph(Network network, double decay) {
        return NetworkGraphBuilder.of(network, io.resnetspark.model.Shape.square(3, 8), 2)
                .updater(new SgdMomentum(0.9, new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.1))))
                .weightDecay(decay)
                .seed(1)
                .build();
    }
}
