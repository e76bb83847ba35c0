package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.train.averaging.Slicing.Slice;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction1;

/** Floats that go through Spark's block transfer as they are, and what comes of it when they do not. */
class TestRawBlocks extends SmallRuns {
    private final long set = RawBlocks.newSet();
    private final float[] parameters = random(600_001);
    private final float[] velocity = random(300_002);
    private final Slicing slicing =
            Slicing.of(TrainingState.begin(EpochWork.begin(0, 10, 2), parameters, velocity, new float[0]));

    @AfterEach
    void release() {
        RawBlocks.release(set);
    }

    /** Small whole numbers, which every type can hold. */
    private static float[] random(int length) {
        Random random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = random.nextInt(255) - 127;
        }
        return values;
    }

    private RawBlocks put(Dtype dtype) {
        return RawBlocks.put(set, "floats", slicing, FloatBlock.of(dtype, parameters), FloatBlock.of(dtype, velocity));
    }

    /** The same blocks, of an executor that is not this process as far as the name tells. */
    private static RawBlocks elsewhere(RawBlocks blocks, int... checksums) {
        BlockManagerId here = blocks.where();
        return new RawBlocks(
                BlockManagerId.apply("another", here.host(), here.port(), Option.empty()),
                blocks.set(),
                blocks.name(),
                blocks.dtype(),
                checksums);
    }

    private float[][] gathered(RawBlocks from) {
        float[][] arrays = {new float[parameters.length], new float[velocity.length]};
        List<Integer> all = IntStream.range(0, slicing.slices().size()).boxed().toList();
        new Gathering(slicing, any -> List.of(from), 1).each(all, () -> (number, pieces) -> {
            Slice slice = slicing.slices().get(number);
            pieces.get(0).into(arrays[slice.velocity() ? 1 : 0], slice.from());
        });
        return arrays;
    }

    @ParameterizedTest
    @EnumSource
    void comeAsTheyWere(Dtype dtype) {
        RawBlocks blocks = put(dtype);
        for (RawBlocks from : List.of(blocks, elsewhere(blocks, blocks.checksums()))) {
            float[][] there = gathered(from);
            assertThat(there[0]).isEqualTo(parameters);
            assertThat(there[1]).isEqualTo(velocity);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatDiffersFromWhatWasSentIsRefused(boolean overTheNetwork) {
        RawBlocks blocks = put(Dtype.FLOAT32);
        int[] others = blocks.checksums().clone();
        others[1] ^= 1;
        RawBlocks damaged = overTheNetwork
                ? elsewhere(blocks, others)
                : new RawBlocks(blocks.where(), set, blocks.name(), Dtype.FLOAT32, others);
        assertThatThrownBy(() -> gathered(damaged))
                .isInstanceOf(LostBlockException.class)
                .hasMessageContaining("floats_1")
                .hasMessageContaining("has the checksum")
                .hasMessageContaining("where its sender said");
        assertThat(gathered(blocks)[0]).isEqualTo(parameters); // nothing stays locked
    }

    @Test
    void aBlockThatIsTooShortIsRefused() {
        RawBlocks blocks = put(Dtype.FLOAT32);
        SparkEnv.get().blockManager().removeBlock(blocks.id(2), false);
        SparkEnv.get()
                .blockManager()
                .putBytes(
                        blocks.id(2),
                        new ChunkedByteBuffer(ByteBuffer.wrap(new byte[996])),
                        StorageLevel.MEMORY_AND_DISK_SER(),
                        false,
                        ClassTag.Any());
        assertThatThrownBy(() -> gathered(elsewhere(blocks, blocks.checksums())))
                .isInstanceOf(LostBlockException.class)
                .hasMessageContaining("has 996 bytes where its sender said");
    }

    @Test
    void anotherNumberOfSlicesIsRefused() {
        RawBlocks blocks = put(Dtype.FLOAT32);
        assertThatThrownBy(() -> gathered(elsewhere(blocks, Arrays.copyOf(blocks.checksums(), 2))))
                .isInstanceOf(LostBlockException.class)
                .hasMessageContaining("has cut floats into 2 slices where there are "
                        + slicing.slices().size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsGoneIsRefused(boolean overTheNetwork) {
        RawBlocks blocks = put(Dtype.FLOAT32);
        SparkEnv.get().blockManager().removeBlock(blocks.id(0), false);
        assertThatThrownBy(() -> gathered(overTheNetwork ? elsewhere(blocks, blocks.checksums()) : blocks))
                .isInstanceOf(LostBlockException.class)
                .hasMessageContaining("could not be fetched");
    }

    /** What a late task brings to a round that is over would lie there for ever. */
    @Test
    void nobodyPutsIntoASetAfterTheNext() {
        put(Dtype.FLOAT32);
        RawBlocks.put(RawBlocks.newSet(), "next", slicing, FloatBlock.of(parameters), FloatBlock.of(velocity));
        assertThatThrownBy(() -> put(Dtype.FLOAT32)).hasStackTraceContaining("The round of these floats is over.");
    }

    /** Of few workers the driver averages, of more the executors; by reference within one process. */
    @ParameterizedTest
    @CsvSource({
        "2, float32, averaged, 0",
        "2, float16, local, 0",
        "3, bfloat16, averaged, 0",
        "4, float32, averaged, 60",
        "5, float16, averaged, 0",
        "4, int8, averaged, 0"
    })
    void bytesLeadToTheBitsThatReferencesLeadTo(String workers, String dtype, String momentum, String deadline)
            throws IOException {
        String[] recipe = {
            "workers",
            workers,
            "averaging.update-dtype",
            dtype,
            "averaging.momentum",
            momentum,
            "averaging.deadline-seconds",
            deadline,
            "averaging.quorum",
            deadline.equals("0") ? "1" : "0.5"
        };
        TrainingState here = epoch(plan(recipe));
        TrainingState crossed = epoch(plan(recipe), false);
        assertThat(crossed.parameters()).isEqualTo(here.parameters());
        assertThat(crossed.velocity()).isEqualTo(here.velocity());
    }

    /** Worker 1 of the first round removes a block of worker 0's as soon as it lies there. */
    private record Saboteur(LocalSteps steps) implements LocalWork {
        static final AtomicInteger LEFT = new AtomicInteger();
        static final AtomicInteger RUNS_OF_WORKER_0 = new AtomicInteger();

        @Override
        public Contribution.WithMemory run(TrainingState state, int worker, WorkerMemory memory, Configuration conf)
                throws IOException {
            if (worker == 0) {
                RUNS_OF_WORKER_0.incrementAndGet();
            } else if (LEFT.getAndDecrement() > 0) {
                long end = System.nanoTime() + 30_000_000_000L;
                while (!removesOne()) {
                    assertThat(System.nanoTime()).as("worker 0 puts its blocks").isLessThan(end);
                    Thread.onSpinWait();
                }
            }
            return steps.run(state, worker, memory, conf);
        }

        private static boolean removesOne() {
            BlockManager blocks = SparkEnv.get().blockManager();
            var found = blocks.getMatchingBlockIds(new AbstractFunction1<BlockId, Object>() {
                @Override
                public Object apply(BlockId id) {
                    return id.name().contains("_worker0_");
                }
            });
            if (found.isEmpty()) {
                return false;
            }
            blocks.removeBlock(found.head(), false);
            return true;
        }
    }

    @Test
    void aRoundWhoseBlocksAreGoneIsDoneAgainToTheSameBits() throws IOException {
        TrainingPlan plan = plan("workers", "2");
        TrainingState undisturbed = epoch(plan, false);
        Saboteur.LEFT.set(1);
        Saboteur.RUNS_OF_WORKER_0.set(0);
        TrainingState state = start(plan);
        int rounds = 0;
        try (Averaging averaging = averaging(plan, new Saboteur(new LocalSteps(plan)), false)) {
            for (; state.work().left() > 0; rounds++) {
                state = averaging.round(state).state();
                averaging.commit();
            }
        }
        assertThat(Saboteur.RUNS_OF_WORKER_0).hasValue(rounds + 1);
        assertThat(state.parameters()).isEqualTo(undisturbed.parameters());
        assertThat(state.velocity()).isEqualTo(undisturbed.velocity());
    }
}
