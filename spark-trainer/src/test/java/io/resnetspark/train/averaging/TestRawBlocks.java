package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction1;

/** Floats that go through Spark's block transfer as they are, and what comes of it when they do not. */
class TestRawBlocks extends SmallRuns {
    private final long set = RawBlocks.newSet();
    private final float[] parameters = random(600_002);
    private final float[] velocity = random(300_002);
    private final StateLayout layout = StateLayout.of(parameters.length, velocity.length, 0, 2);

    @AfterEach
    void release() {
        RawBlocks.release(set);
    }

    /** Values that every type can hold. */
    private static float[] random(int length) {
        Random random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = random.nextInt(255) - 127;
        }
        return values;
    }

    private RawBlocks put(Dtype dtype) {
        return put(dtype, set, new LiveBlockSets(0, 0));
    }

    private RawBlocks put(Dtype dtype, long into, LiveBlockSets live) {
        FloatBlock first = FloatBlock.of(dtype, parameters);
        FloatBlock second = FloatBlock.of(dtype, velocity);
        for (int i : layout.all()) {
            FloatBlock values = layout.slice(i).of(first, second, FloatBlock.of());
            RawBlocks.put(into, live, "floats", i, values, false);
        }
        return RawBlocks.here(into, "floats", dtype, layout.size());
    }

    /** The same blocks, of an executor that is not this process as far as the name tells. */
    private static RawBlocks elsewhere(RawBlocks blocks) {
        BlockManagerId here = blocks.holders().get(0).get(0);
        BlockManagerId another = BlockManagerId.apply("another", here.host(), here.port(), Option.empty());
        return new RawBlocks(
                blocks.set(),
                blocks.name(),
                blocks.dtype(),
                Collections.nCopies(blocks.holders().size(), List.of(another)));
    }

    /** Puts other bytes in a block's place. */
    private static void replace(RawBlocks blocks, int slice, byte... bytes) {
        BlockManager manager = SparkEnv.get().blockManager();
        manager.removeBlock(blocks.id(slice), false);
        manager.putBytes(
                blocks.id(slice),
                new ChunkedByteBuffer(ByteBuffer.wrap(bytes)),
                StorageLevel.MEMORY_AND_DISK_SER(),
                false,
                ClassTag.Any());
    }

    private static byte[] bytes(RawBlocks blocks, int slice) throws IOException {
        ManagedBuffer buffer = SparkEnv.get().blockManager().getLocalBlockData(blocks.id(slice));
        try (InputStream in = buffer.createInputStream()) {
            return in.readAllBytes();
        } finally {
            buffer.release();
        }
    }

    private StateLayout.Arrays fetched(RawBlocks from) {
        StateLayout.Arrays arrays = layout.arrays();
        new SliceFetcher(layout, any -> List.of(from), 1, ExchangeTimeout.ENDLESS)
                .each(layout.all(), () -> (number, pieces) -> {
                    Slice slice = layout.slice(number);
                    pieces.get(0).into(arrays.of(slice.vector()), slice.from());
                });
        return arrays;
    }

    @ParameterizedTest
    @EnumSource
    void comeAsTheyWere(Dtype dtype) {
        RawBlocks blocks = put(dtype);
        for (RawBlocks from : List.of(blocks, elsewhere(blocks))) {
            StateLayout.Arrays there = fetched(from);
            assertThat(there.parameters()).isEqualTo(parameters);
            assertThat(there.velocity()).isEqualTo(velocity);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBlockWithAFlippedBitIsRefused(boolean overTheNetwork) throws IOException {
        RawBlocks blocks = put(Dtype.FLOAT32);
        byte[] whole = bytes(blocks, 1);
        byte[] damaged = whole.clone();
        damaged[12345] ^= 1;
        replace(blocks, 1, damaged);
        assertThatThrownBy(() -> fetched(overTheNetwork ? elsewhere(blocks) : blocks))
                .isInstanceOf(BlockLostException.class)
                .hasMessageContaining("floats_1")
                .hasMessageContaining("has the checksum")
                .hasMessageContaining("where its sender said");
        replace(blocks, 1, whole); // nothing stays locked
        assertThat(fetched(blocks).parameters()).isEqualTo(parameters);
    }

    /** Memory serves round after round: bytes of another round are whole, and yet not what is wanted. */
    @Test
    void anotherBlocksBytesAreRefused() throws IOException {
        RawBlocks blocks = put(Dtype.FLOAT32);
        long other = RawBlocks.newSet();
        RawBlocks next = put(Dtype.FLOAT32, other, new LiveBlockSets(0, set));
        replace(next, 1, bytes(blocks, 1));
        assertThatThrownBy(() -> fetched(next))
                .isInstanceOf(BlockLostException.class)
                .hasMessageContaining("has the checksum");
        RawBlocks.release(other);
    }

    @Test
    void aBlockThatIsTooShortIsRefused() {
        RawBlocks blocks = put(Dtype.FLOAT32);
        replace(blocks, 2, new byte[996]);
        assertThatThrownBy(() -> fetched(elsewhere(blocks)))
                .isInstanceOf(BlockLostException.class)
                .hasMessageContaining("has 996 bytes where a slice of");
    }

    /** The second of its holders is asked where the first does not have it. */
    @Test
    void aReplicaStandsInForABlockThatIsGone() {
        RawBlocks blocks = put(Dtype.FLOAT32);
        BlockManagerId here = blocks.holders().get(0).get(0);
        BlockManagerId gone = BlockManagerId.apply("gone", here.host(), 1, Option.empty());
        RawBlocks replicated =
                new RawBlocks(set, "floats", Dtype.FLOAT32, Collections.nCopies(layout.size(), List.of(gone, here)));
        assertThat(fetched(replicated).parameters()).isEqualTo(parameters);
    }

    @Test
    void anotherNumberOfSlicesIsRefused() {
        RawBlocks two = RawBlocks.here(set, "floats", Dtype.FLOAT32, 2);
        assertThatThrownBy(() -> two.requireSlices(layout.size()))
                .isInstanceOf(BlockLostException.class)
                .hasMessageContaining("has cut floats into 2 slices where there are " + layout.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsGoneIsRefused(boolean overTheNetwork) {
        RawBlocks blocks = put(Dtype.FLOAT32);
        SparkEnv.get().blockManager().removeBlock(blocks.id(0), false);
        assertThatThrownBy(() -> fetched(overTheNetwork ? elsewhere(blocks) : blocks))
                .isInstanceOf(BlockLostException.class)
                .hasMessageContaining("could not be fetched");
    }

    /** A block that a late task puts into a round that is over would lie there for ever. */
    @Test
    void nobodyPutsIntoASetThatIsOver() {
        put(Dtype.FLOAT32);
        long next = RawBlocks.newSet();
        put(Dtype.FLOAT32, next, new LiveBlockSets(0, next));
        assertThatThrownBy(() -> put(Dtype.FLOAT32)).hasStackTraceContaining("The round of these floats is over.");
        RawBlocks.release(next);
    }

    /** Between processes and by reference within one; a few workers fetch the first state from the driver, more from each other. */
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
        public WorkerUpdate.WithLocalState run(
                TrainingState state, int worker, WorkerLocalState memory, Configuration conf, Progress progress)
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
            return steps.run(state, worker, memory, conf, progress);
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
        try (ParameterAveraging averaging = averaging(plan, new Saboteur(new LocalSteps(plan)), false)) {
            for (; state.work().remaining() > 0; rounds++) {
                state = averaging.round(state).state();
                averaging.commit();
            }
            state.parameters(); // fetched while there is somebody to fetch them from
        }
        assertThat(Saboteur.RUNS_OF_WORKER_0).hasValue(rounds + 1);
        assertThat(state.parameters()).isEqualTo(undisturbed.parameters());
        assertThat(state.velocity()).isEqualTo(undisturbed.velocity());
    }

    /** Before anybody has a replica, whether a round or a checkpoint's fetch finds it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStateThatIsLostIsMadeAgainToTheSameBits(boolean fetched) throws IOException {
        TrainingPlan plan = plan(
                "workers",
                "2",
                "averaging.outer-optimizer",
                "{ kind = nesterov, learning-rate = 0.7, momentum = 0.9 }");
        TrainingState start = start(plan);
        TrainingState begin = start.with(
                TrainingState.vectors(start.parameters(), start.velocity(), new float[start.parameters().length]));
        TrainingState undisturbed = toTheEnd(plan, begin, false, false);
        TrainingState disturbed = toTheEnd(plan, begin, true, fetched);
        assertThat(disturbed.parameters()).isEqualTo(undisturbed.parameters());
        assertThat(disturbed.outer()).isEqualTo(undisturbed.outer());
    }

    private static TrainingState toTheEnd(TrainingPlan plan, TrainingState begin, boolean loses, boolean fetches) {
        TrainingState state = begin;
        try (ParameterAveraging averaging = averaging(plan, false)) {
            while (state.work().remaining() > 0) {
                state = averaging.round(state).state();
                averaging.commit();
                if (loses) {
                    removeNewestState();
                    state = fetches ? averaging.fetched(state) : state;
                }
            }
            return averaging.fetched(state);
        }
    }

    private static void removeNewestState() {
        BlockManager blocks = SparkEnv.get().blockManager();
        var found = blocks.getMatchingBlockIds(new AbstractFunction1<BlockId, Object>() {
            @Override
            public Object apply(BlockId id) {
                return id.name().contains("__state_") || id.name().contains("__outer_");
            }
        });
        List<BroadcastBlockId> states = JavaConverters.seqAsJavaList(found).stream()
                .map(BroadcastBlockId.class::cast)
                .toList();
        long newest =
                states.stream().mapToLong(BroadcastBlockId::broadcastId).max().orElseThrow();
        states.stream().filter(id -> id.broadcastId() == newest).forEach(id -> blocks.removeBlock(id, false));
    }
}
