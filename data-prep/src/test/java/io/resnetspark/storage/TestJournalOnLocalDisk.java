package io.resnetspark.storage;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TestJournalOnLocalDisk extends JournalContract {
    @TempDir
    java.nio.file.Path folder;

    @Override
    Path root() {
        return new Path(folder.toUri());
    }

    @Override
    Configuration conf() {
        return new Configuration();
    }
}
