package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestUserFiles {
    private static final Configuration CONF = new Configuration();

    @TempDir
    Path folder;

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    private static String read(org.apache.hadoop.fs.Path file) throws IOException {
        try (InputStream in = UserFiles.open(file, CONF)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A line per file of a folder: its name and its content. */
    private static List<String> contents(org.apache.hadoop.fs.Path folder) throws IOException {
        List<FileStatus> found;
        try (Stream<FileStatus> all = UserFiles.list(folder, CONF)) {
            found = all.toList();
        }
        Stream.Builder<String> lines = Stream.builder();
        for (FileStatus file : found) {
            // As a string, as executors receive it.
            org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(
                    java.net.URI.create(file.getPath().toUri().toString()));
            lines.add(Utf8.escapeLine(path.getName()) + " holds " + read(path));
        }
        return lines.build().sorted().toList();
    }

    /** Prints the same from a separate process. */
    public static void main(String[] arguments) throws IOException {
        byte[] lines = String.join("\n", contents(new org.apache.hadoop.fs.Path(arguments[0])))
                .getBytes(StandardCharsets.UTF_8);
        System.out.write(lines, 0, lines.length);
        System.out.flush();
    }

    @Test
    void listsAndOpensAnyFileName() throws IOException {
        int written =
                UnusualFileNames.write(folder, number -> String.valueOf(number).getBytes(StandardCharsets.UTF_8));
        List<String> contents = contents(hadoop(folder));
        assertThat(contents).hasSize(written).doesNotHaveDuplicates();
        assertThat(contents.stream().map(line -> line.replaceFirst("(?s).* holds ", "")))
                .as("each file once")
                .containsExactlyInAnyOrderElementsOf(Stream.iterate(0, i -> i + 1)
                        .limit(written)
                        .map(String::valueOf)
                        .toList());
        assertThat(contents)
                .contains("IMG 12:30:45.jpg holds 0")
                .anyMatch(line -> line.startsWith("caf\uFFFDE9.jpg"))
                .anyMatch(line -> line.startsWith("caf\uFFFDE8.jpg"));
    }

    @Test
    void resultDoesNotDependOnTheLocale() throws Exception {
        UnusualFileNames.write(folder, number -> new byte[] {'x'});
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        TestUserFiles.class.getName(),
                        hadoop(folder).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(said.lines()).containsExactlyElementsOf(contents(hadoop(folder)));
    }

    @Test
    void danglingLinkIsListedButMissing() throws IOException {
        Files.createSymbolicLink(folder.resolve("lost.jpg"), folder.resolve("nowhere.jpg"));
        try (Stream<FileStatus> all = UserFiles.list(hadoop(folder), CONF)) {
            assertThat(all).singleElement().satisfies(link -> {
                assertThat(link.isFile()).isTrue();
                assertThat(link.getLen()).isZero();
                assertThatThrownBy(() -> UserFiles.open(link.getPath(), CONF))
                        .isInstanceOf(FileNotFoundException.class);
            });
        }
    }

    @Test
    void errorsTellFoldersFromFiles() throws IOException {
        Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> UserFiles.list(hadoop(folder.resolve("none")), CONF))
                .isInstanceOf(FileNotFoundException.class);
        assertThatThrownBy(() -> UserFiles.list(hadoop(folder.resolve("file")), CONF))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("wanted a folder");
        assertThatThrownBy(() -> UserFiles.open(hadoop(folder), CONF)).isInstanceOf(FileNotFoundException.class);
    }

    /** Rows of a list name them; one such row must not stop the job. */
    @Test
    void impossibleNamesAreNotFound() throws IOException {
        Files.writeString(folder.resolve("file"), "x");
        for (String name : List.of("x".repeat(300), "file/below", "nul\0.jpg", "none/none", "caf\uFFFDE9.jpg")) {
            assertThatThrownBy(() -> UserFiles.open(Locations.child(hadoop(folder), name), CONF))
                    .isInstanceOf(FileNotFoundException.class);
        }
    }

    @Test
    void readsHdfsToo() throws IOException {
        try (MiniHdfs hdfs = MiniHdfs.start(folder)) {
            org.apache.hadoop.fs.Path corpus = new org.apache.hadoop.fs.Path(hdfs.uri() + "/corpus");
            for (String name : UnusualFileNames.all()) {
                if (name.indexOf(':') < 0) {
                    AtomicDirectory.fileSystem(corpus, CONF)
                            .create(Locations.child(corpus, name))
                            .close();
                }
            }
            try (Stream<FileStatus> all = UserFiles.list(corpus, CONF)) {
                assertThat(all.map(file -> file.getPath().getName()))
                        .containsExactlyInAnyOrderElementsOf(UnusualFileNames.all().stream()
                                .filter(name -> name.indexOf(':') < 0)
                                .toList());
            }
            assertThat(contents(corpus)).allMatch(line -> line.endsWith(" holds "));
            assertThatThrownBy(() -> UserFiles.open(Locations.child(corpus, "12:30.jpg"), CONF))
                    .isInstanceOf(FileNotFoundException.class);
        }
    }

    @Test
    void seeksToAnyPosition() throws IOException {
        Files.write(folder.resolve("a:b"), new byte[] {1, 2, 3, 4});
        try (FSDataInputStream in = UserFiles.open(hadoop(folder.resolve("a:b")), CONF)) {
            in.seek(2);
            assertThat(in.read()).isEqualTo(3);
            assertThat(in.getPos()).isEqualTo(3);
            in.seek(0);
            assertThat(in.readAllBytes()).containsExactly(1, 2, 3, 4);
            assertThatThrownBy(() -> in.seek(5)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aFileHasTheStateThatItsFolderLists() throws IOException {
        Files.writeString(folder.resolve("12:30 café.jpg"), "four", StandardCharsets.UTF_8);
        org.apache.hadoop.fs.Path file = Locations.child(hadoop(folder), "12:30 café.jpg");
        try (Stream<FileStatus> listed = UserFiles.list(hadoop(folder), CONF)) {
            FileStatus found = listed.findFirst().orElseThrow();
            assertThat(UserFiles.status(file, CONF))
                    .returns(4L, FileStatus::getLen)
                    .returns(found.getModificationTime(), FileStatus::getModificationTime);
        }
        for (String missing : List.of("none.jpg", "12:30 café.jpg/below", "a".repeat(300))) {
            assertThatThrownBy(() -> UserFiles.status(Locations.child(hadoop(folder), missing), CONF))
                    .as(missing)
                    .isInstanceOf(FileNotFoundException.class);
        }
    }
}
