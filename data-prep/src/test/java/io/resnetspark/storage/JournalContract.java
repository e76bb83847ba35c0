package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requirements of journals and leases on every file system; one subclass each. */
abstract class JournalContract {
    private static final Duration LIFE = Duration.ofSeconds(2);

    private Path folder;

    record Sum(int of) {}

    /** A fresh directory on the file system under test. */
    abstract Path root() throws IOException;

    abstract Configuration conf();

    @BeforeEach
    void open() throws IOException {
        folder = new Path(root(), "model");
    }

    private Journal<Sum> journal() throws IOException {
        return new Journal<>(new Path(folder, "events"), Sum.class, conf());
    }

    private static Sum next(java.util.Optional<Journal.Entry<Sum>> last) {
        return new Sum(last.map(entry -> entry.content().of()).orElse(0) + 1);
    }

    @Test
    void numbersStartAtOneAndTheLastIsKnown() throws IOException {
        assertThat(journal().last()).isEmpty();
        assertThat(journal().all()).isEmpty();
        for (int i = 1; i <= 3; i++) {
            assertThat(journal().append(JournalContract::next, Fence.NONE))
                    .isEqualTo(new Journal.Entry<>(i, new Sum(i)));
        }
        assertThat(journal().last()).contains(new Journal.Entry<>(3, new Sum(3)));
        assertThat(journal().all()).hasSize(3);
        assertThat(names(new Path(folder, "events")))
                .containsExactly("00000001.json", "00000002.json", "00000003.json");
    }

    /** Each record is computed from the previous one, whoever wrote it, so nothing is lost. */
    @Test
    void concurrentAppendsLoseNothing() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> sums = IntStream.range(0, 40)
                    .mapToObj(i -> threads.submit(() -> journal()
                            .append(JournalContract::next, Fence.NONE)
                            .content()
                            .of()))
                    .toList();
            Set<Integer> all = new TreeSet<>();
            for (Future<Integer> sum : sums) {
                all.add(sum.get());
            }
            assertThat(all).hasSize(40).contains(1, 40);
        } finally {
            threads.shutdown();
        }
        assertThat(journal().last().orElseThrow()).isEqualTo(new Journal.Entry<>(40, new Sum(40)));
    }

    @Test
    void refusedAppendWritesNothing() throws IOException {
        journal().append(JournalContract::next, Fence.NONE);
        assertThatThrownBy(() -> journal()
                        .append(
                                last -> {
                                    throw new BadInputException("no");
                                },
                                Fence.NONE))
                .isInstanceOf(BadInputException.class);
        assertThat(names(new Path(folder, "events"))).containsExactly("00000001.json");
    }

    @Test
    void leaseHasOneHolderAtATime() throws IOException {
        try (Lease first = Lease.take(folder, "first", LIFE, conf())) {
            first.check();
            assertThatThrownBy(() -> Lease.take(folder, "second", LIFE, conf()))
                    .isInstanceOf(LeaseHeldException.class)
                    .hasMessageContaining("is being worked on by first")
                    .hasMessageContaining("its lease ends in");
        }
        try (Lease second = Lease.take(folder, "second", LIFE, conf())) {
            second.check();
        }
    }

    @Test
    void leaseIsRenewedWhileItsHolderLives() throws Exception {
        try (Lease first = Lease.take(folder, "first", LIFE, conf())) {
            Thread.sleep(2 * LIFE.toMillis());
            first.check();
            assertThatThrownBy(() -> Lease.take(folder, "second", LIFE, conf())).isInstanceOf(LeaseHeldException.class);
        }
    }

    /** The first holder hung, wakes up, and finishes its work: nothing of it may appear. */
    @Test
    void takeoverFencesTheEarlierHolder() throws Exception {
        Lease first = Lease.take(folder, "first", LIFE, conf());
        AtomicDirectory version = AtomicDirectory.of(new Path(folder, "v1"), first, conf());
        version.write("a.txt", new byte[10]);
        first.stopRenewing();
        Thread.sleep(LIFE.toMillis() + 500);
        try (Lease second = Lease.take(folder, "second", LIFE, conf())) {
            second.check();
            assertThat(names(folder)).doesNotContain("v1").noneMatch(name -> name.contains("writing"));
            // Even if it checked the lease just before losing it.
            assertThatThrownBy(() -> Renames.renameDirectory(version.path(), new Path(folder, "v1"), "a.txt", conf()))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(version::commit).isInstanceOf(LeaseHeldException.class);
            assertThatThrownBy(() -> journal().append(JournalContract::next, first))
                    .isInstanceOf(LeaseHeldException.class)
                    .hasMessageContaining("was lost");
            journal().append(JournalContract::next, second);
        }
        assertThat(journal().all()).hasSize(1);
        assertThat(names(folder)).containsExactlyInAnyOrder("lease", "events");
    }

    /** Of long jobs, which another process resumes, and in other folders of the lease. */
    @Test
    void takeoverResumesUnfinishedDirectories() throws Exception {
        Path target = new Path(folder, "data");
        Path elsewhere = new Path(folder, "run/model");
        Lease first = Lease.take(folder, "first", LIFE, conf());
        AtomicDirectory begun = AtomicDirectory.resume(target, first, conf());
        begun.write("part-0", new byte[10]);
        AtomicDirectory model = AtomicDirectory.of(elsewhere, first, conf());
        model.write("a.txt", new byte[10]);
        first.stopRenewing();
        List<String> said = new ArrayList<>();
        try (Lease second = Lease.await(folder, LIFE, said::add, conf())) {
            assertThat(said).singleElement().asString().contains("is being worked on by first");
            AtomicDirectory gone = AtomicDirectory.resume(target, second, conf());
            second.deleteUnfinishedWrites(elsewhere.getParent());
            assertThat(names(gone.path())).containsExactly("part-0");
            assertThat(names(elsewhere.getParent())).isEmpty();
            // Even if it checked the lease just before losing it.
            assertThatThrownBy(() -> Renames.renameDirectory(begun.path(), target, "part-0", conf()))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> Renames.renameDirectory(model.path(), elsewhere, "a.txt", conf()))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(begun::commit).isInstanceOf(LeaseHeldException.class);
            assertThatThrownBy(() -> begun.moveIntoTarget("part-0")).isInstanceOf(LeaseHeldException.class);
            gone.write("last", new byte[1]);
            gone.commit();
        }
        assertThat(names(target)).containsExactly("last", "part-0");
        assertThat(names(folder)).containsExactlyInAnyOrder("data", "lease", "run");
    }

    @Test
    void onlyDirectoriesOfEarlierHoldersAreResumed() throws Exception {
        FileSystem files = folder.getFileSystem(conf());
        for (String other : List.of(".data.v2.lease1-unfinished", ".data.lease7-unfinished", ".data.unfinished")) {
            files.create(new Path(folder, other + "/part-0")).close();
        }
        String name;
        try (Lease lease = Lease.take(folder, "first", LIFE, conf())) {
            AtomicDirectory directory = AtomicDirectory.resume(new Path(folder, "data"), lease, conf());
            assertThat(names(directory.path())).containsExactly("part-0");
            name = directory.path().getName();
        }
        assertThat(names(folder))
                .containsExactlyInAnyOrder(".data.v2.lease1-unfinished", ".data.lease7-unfinished", name, "lease");
    }

    @Test
    void retiredLeaseLeavesNothing() throws Exception {
        Lease first = Lease.take(folder, "first", LIFE, conf());
        CompletableFuture<Lease> waits = CompletableFuture.supplyAsync(() -> {
            try {
                return Lease.await(folder, LIFE, said -> first.retire(), conf());
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        Lease second = waits.get(1, TimeUnit.MINUTES);
        second.check();
        assertThatThrownBy(first::check).isInstanceOf(LeaseHeldException.class);
        first.close();
        assertThat(names(new Path(folder, "lease"))).containsExactly("00000001.json");
        second.retire();
        assertThat(folder.getFileSystem(conf()).exists(folder)).isFalse();
    }

    @Test
    void nonEmptyFolderIsKept() throws Exception {
        Path more = new Path(folder, "more");
        folder.getFileSystem(conf()).create(more).close();
        Lease.take(folder, "first", LIFE, conf()).retire();
        assertThat(names(folder)).containsExactly("more");
    }

    /** A holder of the new journal has the same number, and still nothing of the old holder's work appears. */
    @Test
    void holderFromBeforeARetirementIsFenced() throws Exception {
        Path target = new Path(folder, "data");
        Lease first = Lease.take(folder, "first", LIFE, conf());
        AtomicDirectory begun = AtomicDirectory.resume(target, first, conf());
        begun.write("part-0", new byte[10]);
        first.stopRenewing();
        Thread.sleep(LIFE.toMillis() + 500);
        Lease second = Lease.take(folder, "second", LIFE, conf());
        AtomicDirectory.resume(target, second, conf()).discard();
        second.retire();
        try (Lease third = Lease.take(folder, "third", LIFE, conf())) {
            assertThat(third.number()).isEqualTo(first.number());
            AtomicDirectory another = AtomicDirectory.resume(target, third, conf());
            another.write("part-1", new byte[10]);
            assertThatThrownBy(first::check).isInstanceOf(LeaseHeldException.class);
            assertThatThrownBy(begun::commit).isInstanceOf(LeaseHeldException.class);
            // Even if it checked the lease just before losing it.
            assertThatThrownBy(() -> Renames.renameDirectory(begun.path(), target, "part-0", conf()))
                    .isInstanceOf(IOException.class);
            first.retire();
            third.check();
            assertThatThrownBy(() -> Lease.take(folder, "fourth", LIFE, conf())).isInstanceOf(LeaseHeldException.class);
            another.commit();
        }
        assertThat(names(target)).containsExactly("part-1");
    }

    @Test
    void oldHolderRecordsAreDeleted() throws IOException {
        for (int i = 0; i < 30; i++) {
            Lease.take(folder, "holder " + i, LIFE, conf()).close();
        }
        assertThat(names(new Path(folder, "lease")))
                .filteredOn(name -> name.endsWith(".json"))
                .hasSize(20);
    }

    private List<String> names(Path directory) throws IOException {
        return new ArrayList<>(Stream.of(Renames.list(directory, conf()))
                .map(FileStatus::getPath)
                .map(Path::getName)
                .sorted()
                .toList());
    }
}
