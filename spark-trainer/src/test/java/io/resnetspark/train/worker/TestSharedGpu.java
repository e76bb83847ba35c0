package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.GpuEmulator;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two workers of a process that compute at the same time, on one GPU and on the CPU. */
class TestSharedGpu {
    private static final Logger LOGGER = (Logger) LogManager.getLogger(ExecutorNetworks.class);

    private final Warnings warnings = new Warnings();

    @BeforeEach
    void findACard() {
        GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
        warnings.start();
        LOGGER.addAppender(warnings);
        Configurator.setLevel(LOGGER, Level.WARN); // tests print errors alone
    }

    /** Or the classes after this one would train on it. */
    @AfterEach
    void hideTheCard() {
        Configurator.setLevel(LOGGER, (Level) null);
        LOGGER.removeAppender(warnings);
        System.clearProperty("resnet.cuda.path");
        if (GpuEmulator.directory().isPresent()) {
            GpuEmulator.orSkip().set("devices", 0);
        }
    }

    @Test
    void whoShareAGpuAreWarnedOnceAndTold() throws IOException {
        twoAtOnce(new NetworkFactory("on a GPU", KernelOption.CUDA));
        twoAtOnce(new NetworkFactory("on a GPU", KernelOption.CUDA));
        assertThat(warnings.sentences)
                .singleElement()
                .asString()
                .contains("share one GPU", "GPU 0", "a GPU of its own", "workers = 1");
        twoAtOnce(new NetworkFactory("on the CPU", KernelOption.ND4J));
        assertThat(warnings.sentences).hasSize(1);
    }

    private static void twoAtOnce(NetworkFactory factory) throws IOException {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a second worker waits for a core of its own");
        ExecutorNetworks.with(
                factory,
                first -> ExecutorNetworks.with(factory, second -> {
                    assertThat(second.graph().isOnGpu()).isEqualTo(factory.kernels == KernelOption.CUDA);
                    assertThat(second.graph()).isNotSameAs(first.graph());
                    return null;
                }));
    }

    private record NetworkFactory(String id, KernelOption kernels) implements ExecutorNetworks.NetworkFactory {
        private static final long serialVersionUID = 1;

        @Override
        public int threads() {
            return 1;
        }

        @Override
        public NetworkGraph graph() {
            return NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(3, 32), 10)
                    .build();
        }

        @Override
        public ComputeOptions compute() {
            return new ComputeOptions(kernels, PrecisionOption.FLOAT32, true);
        }
    }

    private static final class Warnings extends AbstractAppender {
        final List<String> sentences = new CopyOnWriteArrayList<>();

        Warnings() {
            super("warnings", null, null, false, Property.EMPTY_ARRAY);
        }

        @Override
        public void append(LogEvent event) {
            if (event.getLevel().equals(Level.WARN)) {
                sentences.add(event.getMessage().getFormattedMessage());
            }
        }
    }
}
