package io.resnetspark.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.MiniHdfs;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.UserGroupInformation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TestForbiddenFiles {
    @TempDir
    Path folder;

    /** One file of another user's must not end a job of millions. */
    @Test
    void aFileThatMayNotBeReadOnHdfsIsUnusable() throws Exception {
        try (MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"))) {
            Configuration conf = hdfs.configuration();
            org.apache.hadoop.fs.Path secret = new org.apache.hadoop.fs.Path(hdfs.uri() + "/red/secret.png");
            FileSystem files = secret.getFileSystem(conf);
            try (FSDataOutputStream out = files.create(secret)) {
                out.write(1);
            }
            files.setPermission(secret, new FsPermission((short) 0));
            FileStatus status = files.getFileStatus(secret);
            SourceImage image = UserGroupInformation.createRemoteUser("somebody")
                    .doAs((PrivilegedExceptionAction<SourceImage>)
                            () -> ImageFile.of("red/secret.png", Split.TRAIN, 0, status)
                                    .read(conf)
                                    .next());
            assertThat(image.reason()).isEqualTo("not readable: no permission");
        }
    }
}
