package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.MiniHdfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry and runs in a real name node, beside the same on a local disk. */
@Tag("slow")
class TestDashboardOnHdfs {
    @TempDir
    static java.nio.file.Path folder;

    private static MiniHdfs hdfs;
    private static FileSystem files;
    private static DashboardServer localServer;
    private static DashboardServer hdfsServer;
    private static Client local;
    private static Client remote;

    @BeforeAll
    static void start() throws IOException {
        hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        files = new Path(hdfs.uri()).getFileSystem(hdfs.configuration());
        Fixture fixture = Fixture.write(folder.resolve("local"));
        for (String name : List.of("registry/pets", "runs/done", "runs/damaged", "runs/3-0123abcd", "runs/notes")) {
            files.mkdirs(new Path("/" + name).getParent());
            files.copyFromLocalFile(Fixture.hadoop(fixture.at(name)), new Path("/" + name));
        }
        localServer = DashboardServer.start(fixture.options(null), Fixture.CONF, refused -> {});
        hdfsServer = DashboardServer.start(
                new DashboardServer.Options(at("/registry"), at("/runs"), List.of(), "127.0.0.1", 0, null),
                hdfs.configuration(),
                refused -> {});
        local = new Client(localServer.uri());
        remote = new Client(hdfsServer.uri());
    }

    @AfterAll
    static void stop() {
        hdfsServer.close();
        localServer.close();
        hdfs.close();
    }

    private static Path at(String path) throws IOException {
        return new Path(hdfs.uri() + path);
    }

    @Test
    void modelsAreTheSameAsOnALocalDisk() throws Exception {
        assertThat(remote.json("/api/models")).isEqualTo(local.json("/api/models"));
        assertThat(remote.get("/api/models/pets/1/card").body())
                .startsWith("# ")
                .isEqualTo(local.get("/api/models/pets/1/card").body());
    }

    @Test
    void runsAreTheSameAsOnALocalDisk() throws Exception {
        assertThat(remote.json("/api/runs").findValuesAsText("name")).contains("done", "damaged", "3-0123abcd");
        for (String path : List.of("/api/runs/done", "/api/runs/3-0123abcd")) {
            for (String part : List.of("/summary/curves", "/row/progress", "/row/state", "/outcome")) {
                JsonNode expected = local.json(path).at(part);
                assertThat(remote.json(path).at(part)).as(path + part).isEqualTo(expected);
            }
        }
        assertThat(remote.json("/api/runs/damaged").at("/row/problem").asText())
                .contains("manifest.json cannot be read");
        assertThat(remote.get("/runs/done/report.html").body()).contains("<title>written</title>");
        assertThat(remote.get("/api/runs/notes").statusCode()).isEqualTo(404);
    }

    /** HDFS tells the length of a file when it is closed. */
    @Test
    void aRunThatIsBeingWrittenIsReadAgain() throws Exception {
        try (FSDataOutputStream metrics = files.create(new Path("/runs/growing/metrics.jsonl"))) {
            flush(metrics, Fixture.round(1, 10, 40));
            remote.awaitRounds("growing", 1);
            flush(metrics, Fixture.round(1, 20, 0));
            remote.awaitRounds("growing", 2);
        }
    }

    private static void flush(FSDataOutputStream metrics, String line) throws IOException {
        metrics.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        metrics.hflush();
    }
}
