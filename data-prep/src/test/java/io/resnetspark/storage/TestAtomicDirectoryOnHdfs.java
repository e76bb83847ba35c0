package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestAtomicDirectoryOnHdfs extends AtomicDirectoryContract {
    @TempDir
    static java.nio.file.Path folder;

    private static MiniHdfs hdfs;

    @BeforeAll
    static void start() throws IOException {
        hdfs = MiniHdfs.start(folder);
    }

    @AfterAll
    static void stop() {
        hdfs.close();
    }

    @Override
    Path root() throws IOException {
        Path root = new Path(hdfs.uri(), "/" + UUID.randomUUID());
        root.getFileSystem(conf()).mkdirs(root);
        return root;
    }

    @Override
    Configuration conf() {
        return hdfs.configuration();
    }

    @Test
    void fullDiskLeavesTheOldState() throws IOException {
        Path root = root();
        try (AtomicDirectory small = AtomicDirectory.of(new Path(root, "v1"), conf())) {
            small.write("a", new byte[10]);
            small.commit();
        }
        hdfs.setSpaceQuota(root, 1 << 20);
        assertThatThrownBy(() -> {
                    try (AtomicDirectory large = AtomicDirectory.of(new Path(root, "v2"), conf())) {
                        large.write("a", new byte[2 << 20]);
                        large.commit();
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("quota");
        assertThat(root.getFileSystem(conf()).listStatus(root)).hasSize(1);
    }
}
