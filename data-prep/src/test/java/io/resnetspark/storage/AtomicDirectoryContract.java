package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requirements on every file system; one subclass each. */
abstract class AtomicDirectoryContract {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

    private Path target;
    private FileSystem files;

    /** A fresh directory on the file system under test. */
    abstract Path root() throws IOException;

    abstract Configuration conf();

    @BeforeEach
    void open() throws IOException {
        target = new Path(root(), "model");
        files = target.getFileSystem(conf());
    }

    @Test
    void appearsCompleteWithAValidManifest() throws IOException {
        try (AtomicDirectory directory = AtomicDirectory.of(target, conf())) {
            directory.write("a.txt", HELLO);
            directory.write("deep/b.txt", new byte[100_000]);
            Manifest.write(directory);
            assertThat(files.exists(target)).isFalse();
            directory.commit();
        }
        assertThat(names()).containsExactly("model");
        Manifest manifest = Manifest.of(target, conf());
        assertThat(manifest.files()).containsOnlyKeys("a.txt", "deep/b.txt");
        assertThat(manifest.files().get("a.txt"))
                .isEqualTo(new FileDigest(5, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
        manifest.verify(target, conf());
    }

    @Test
    void leavesNothingWithoutCommit() throws IOException {
        try (AtomicDirectory directory = AtomicDirectory.of(target, conf())) {
            directory.write("a.txt", HELLO);
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void refusesAnExistingTarget() throws IOException {
        commitOne();
        assertThatThrownBy(() -> AtomicDirectory.of(target, conf()))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("exists, and nothing is overwritten");
    }

    @Test
    void secondOfTwoWritersIsRefused() throws IOException {
        try (AtomicDirectory slow = AtomicDirectory.of(target, conf())) {
            slow.write("a.txt", "other".getBytes(StandardCharsets.UTF_8));
            commitOne();
            assertThatThrownBy(slow::commit)
                    .isInstanceOf(FileAlreadyExistsException.class)
                    .hasMessageContaining("model");
        }
        assertThat(names()).containsExactly("model");
        Manifest.of(target, conf()).verify(target, conf());
    }

    @Test
    void namesEveryFileThatChanged() throws IOException {
        commitOne();
        try (OutputStream out = AtomicDirectory.fileSystem(target, conf()).create(new Path(target, "a.txt"), true)) {
            out.write("hullo".getBytes(StandardCharsets.UTF_8));
        }
        files.delete(new Path(target, "b.txt"), false);
        assertThatThrownBy(() -> Manifest.of(target, conf()).verify(target, conf()))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("a.txt has 5 bytes with SHA-256")
                .hasMessageContaining("b.txt is missing");
    }

    private void commitOne() throws IOException {
        try (AtomicDirectory directory = AtomicDirectory.of(target, conf())) {
            directory.write("a.txt", HELLO);
            directory.write("b.txt", HELLO);
            Manifest.write(directory);
            directory.commit();
        }
    }

    private String[] names() throws IOException {
        return Arrays.stream(files.listStatus(target.getParent()))
                .map(FileStatus::getPath)
                .map(Path::getName)
                .toArray(String[]::new);
    }
}
