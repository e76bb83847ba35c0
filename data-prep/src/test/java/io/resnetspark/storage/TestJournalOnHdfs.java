package io.resnetspark.storage;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TestJournalOnHdfs extends JournalContract {
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
        return new Path(hdfs.uri(), "/" + UUID.randomUUID());
    }

    @Override
    Configuration conf() {
        return hdfs.configuration();
    }
}
