package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.model.weights.Safetensors;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Digests;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Recipe;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files made to do harm: each is refused with a sentence, and takes little memory before that. */
class TestHostileInputs {
    private static final long MIB = 1L << 20;
    private static final String EVIL = "{\"@class\": \"javax.script.ScriptEngineManager\", \"format\": 3}";

    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    /** Something that may fail, and must not allocate more than so much. */
    private static Throwable within(long bytes, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Throwable thrown = catchThrowable(call);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated before " + thrown)
                .isLessThan(bytes);
        return thrown;
    }

    private static byte[] safetensors(String header) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[500000000],\"data_offsets\":[0,2000000000]}} | ends early",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}} | cannot lie from byte",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1,-4],\"data_offsets\":[0,16]}} | cannot lie from byte",
                "{\"w\":{\"dtype\":\"java.lang.Runtime\",\"shape\":[1],\"data_offsets\":[0,4]}} | has type 'java.lang.Runtime'",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{}} | its header is no JSON",
                "[] | its header is no JSON object",
            })
    void weightsThatLie(String header, String message) {
        Throwable thrown = within(8 * MIB, () -> Safetensors.read(new ByteArrayInputStream(safetensors(header))));
        assertThat(thrown).isInstanceOf(IOException.class).hasMessageContaining(message);
    }

    @Test
    void aHeaderOfExabytesIsNotWaitedFor() {
        byte[] length = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(1L << 60)
                .array();
        Throwable thrown = within(MIB, () -> Safetensors.read(new ByteArrayInputStream(length)));
        assertThat(thrown).hasMessageContaining("announces a header of " + (1L << 60));
    }

    @Test
    void aHeaderOfAMillionBracketsDoesNotOverflowTheStack() {
        Throwable thrown = within(
                32 * MIB,
                () -> Safetensors.read(new ByteArrayInputStream(safetensors("{\"w\":" + "[".repeat(1_000_000)))));
        assertThat(thrown).isInstanceOf(IOException.class).hasMessageContaining("its header is no JSON");
    }

    /** As PyTorch's checkpoints and DL4J's models are; nothing in it is looked at. */
    @Test
    void aZipIsNoModel() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("../../etc/cron.d/evil"));
            zip.write(new byte[100_000_000]);
        }
        Throwable thrown = within(MIB, () -> Safetensors.read(new ByteArrayInputStream(bytes.toByteArray())));
        assertThat(thrown).isInstanceOf(IOException.class).hasMessageContaining("announces a header of");
    }

    private org.apache.hadoop.fs.Path model(String manifest) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("manifest.json"), manifest);
        return new org.apache.hadoop.fs.Path(model.toUri());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[1, 2]",
                "{\"files\": {\"../../etc/passwd\": {\"bytes\": 1, \"sha256\": \"00\"}}}",
                "{\"files\": {\"/etc/passwd\": {\"bytes\": 1, \"sha256\": \"00\"}}}",
                "{\"files\": {\"hdfs://evil/x\": {\"bytes\": 1, \"sha256\": \"00\"}}}",
                "{\"files\": \"everything\"}",
                "{\"format\": 99999999999999999999, \"files\": {}}",
                EVIL
            })
    void manifestsThatLie(String manifest) throws IOException {
        org.apache.hadoop.fs.Path model = model(manifest);
        Throwable thrown = within(8 * MIB, () -> ModelArtifact.open(model, conf));
        assertThat(thrown).isInstanceOfAny(BadInputException.class, DamagedException.class);
    }

    @Test
    void aNameOfTwentyThousandFoldersIsRefused() throws IOException {
        String name = "a/".repeat(20_000) + "a";
        org.apache.hadoop.fs.Path model = model("{\"files\": {\"" + name + "\": {\"bytes\": 1, \"sha256\": \"00\"}}}");
        Throwable thrown = within(8 * MIB, () -> ModelArtifact.open(model, conf));
        assertThat(thrown)
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("is no name of a file within a directory");
    }

    /** As many as would make a classifier of gigabytes, before a weight was read. */
    @Test
    void millionsOfClassesAreRefused() {
        List<String> classes = Collections.nCopies(2_000_000, "a");
        assertThatThrownBy(() -> ModelDescription.of(
                        "resnet18",
                        classes,
                        new ModelDescription.Evaluation(256, 224, List.of(1f, 1f, 1f), null),
                        List.of(),
                        null,
                        Provenance.now("", "", 0, 0, 0, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2000000 classes are more than any model of ours has");
    }

    @Test
    void aManifestOfAHundredMegabytesIsNotRead() throws IOException {
        org.apache.hadoop.fs.Path model = model("{\"files\": {}, \"x\": \"" + "y".repeat(100_000_000) + "\"}");
        Throwable thrown = within(300 * MIB, () -> ModelArtifact.open(model, conf));
        assertThat(thrown)
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("has more than 67108864 bytes; it is no file of ours");
    }

    @Test
    void jsonOfAMillionBracketsDoesNotOverflowTheStack() throws IOException {
        org.apache.hadoop.fs.Path model = model("{\"files\":" + "[".repeat(1_000_000));
        assertThat(within(64 * MIB, () -> ModelArtifact.open(model, conf))).isInstanceOf(DamagedException.class);
    }

    @Test
    void aDatasetCannotPointOutside() throws IOException {
        String json = """
                {"format": 2, "classes": ["a"], "splits": {"train": [{"path": "../../secret.parquet", "examples": 1,
                 "digest": {"bytes": 1, "sha256": "00"}}]}}""";
        Files.writeString(folder.resolve("dataset.json"), json);
        assertThatThrownBy(() -> Dataset.open(new org.apache.hadoop.fs.Path(folder.toUri()), conf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("dataset.json cannot be read")
                .hasMessageContaining("is no name of a file within a directory");
    }

    /** 40,000 x 40,000 pixels of nothing, which are 4.8 GB, in a file of kilobytes. */
    @Test
    void aImageThatUnpacksToGigabytes() throws IOException {
        byte[] bomb = png(40_000, 40_000, new byte[1 << 20]);
        Throwable thrown = within(64 * MIB, () -> ImageCodec.open(bomb, ImageCodec.Limits.DEFAULT));
        assertThat(thrown).isInstanceOf(BadImageException.class).hasMessageContaining("40000");
    }

    private static byte[] png(int width, int height, byte[] pixels) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        chunk(
                out,
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put(new byte[] {8, 2, 0, 0, 0})
                        .array());
        ByteArrayOutputStream deflated = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(deflated)) {
            deflater.write(pixels);
        }
        chunk(out, "IDAT", deflated.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) throws IOException {
        byte[] named = ByteBuffer.allocate(4 + data.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(data)
                .array();
        CRC32 crc = new CRC32();
        crc.update(named);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(named);
        out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    /** Each cut, and each with bytes turned over: read or refused, never anything else. */
    @Test
    void imagesCutAndTurnedOver() throws IOException {
        byte[] whole;
        try (InputStream in = TestHostileInputs.class.getResourceAsStream("/artifacts/formats.zip");
                var zip = new java.util.zip.ZipInputStream(in)) {
            var entry = zip.getNextEntry();
            while (!entry.getName().equals("picture.png")) {
                entry = zip.getNextEntry();
            }
            whole = zip.readAllBytes();
        }
        java.util.Random random = new java.util.Random(3);
        for (int i = 0; i < 300; i++) {
            byte[] hostile = java.util.Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
            for (int k = 0; k < i % 5; k++) {
                hostile[random.nextInt(hostile.length)] = (byte) random.nextInt();
            }
            Throwable thrown = catchThrowable(() -> ImageCodec.open(hostile, ImageCodec.Limits.DEFAULT));
            if (thrown != null) {
                assertThat(thrown).isInstanceOf(BadImageException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "include \"/etc/passwd\"",
                "include file(\"/etc/passwd\")",
                "include url(\"http://127.0.0.1:1/x\")",
                "include classpath(\"reference.conf\")",
                "include required(file(\"/etc/passwd\"))"
            })
    void recipesCannotMakeUsReadFiles(String recipe) {
        assertThatThrownBy(() -> Hocon.parse(recipe, "recipe"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("nothing can be included");
        assertThatThrownBy(() -> Recipe.values(recipe)) // of a run that is only looked at
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("nothing can be included");
    }

    /** They are kept in artifacts, and the environment may hold secrets. */
    @Test
    void recipesDoNotSeeTheEnvironment() {
        assertThatThrownBy(() -> Hocon.parse("network = ${PATH}", "recipe"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("PATH");
        assertThat(Hocon.parse("network = ${?PATH}", "recipe").hasPath("network"))
                .isFalse();
        assertThat(Hocon.parseTrusted("x = ${PATH}", "plan").getString("x")).isEqualTo(System.getenv("PATH"));
    }

    /** A manifest that is right about weights that are too many. */
    @Test
    void weightsOfAnotherNetworkAreNamedAndRefused() throws IOException {
        Path model = Files.createDirectories(folder.resolve("other"));
        byte[] weights = safetensors("{\"evil\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        byte[] file = java.util.Arrays.copyOf(weights, weights.length + 4);
        Map<String, byte[]> files = Map.of(
                "weights.safetensors", file,
                "classes.txt", "a\nb\n".getBytes(StandardCharsets.UTF_8),
                "preprocessing.json",
                        "{\"shorter_side\": 32, \"crop\": 32, \"mean\": [1, 2, 3]}".getBytes(StandardCharsets.UTF_8));
        StringBuilder listed = new StringBuilder();
        for (Map.Entry<String, byte[]> entry : files.entrySet()) {
            Files.write(model.resolve(entry.getKey()), entry.getValue());
            listed.append(listed.length() == 0 ? "" : ",")
                    .append("\"%s\": {\"bytes\": %d, \"sha256\": \"%s\"}"
                            .formatted(entry.getKey(), entry.getValue().length, Digests.of(entry.getValue())));
        }
        Files.writeString(
                model.resolve("manifest.json"),
                "{\"format\": 3, \"network\": \"resnet20\", \"provenance\": {}, \"files\": {" + listed + "}}");
        assertThatThrownBy(() -> ModelArtifact.open(new org.apache.hadoop.fs.Path(model.toUri()), conf))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("do not fit the network")
                .hasMessageContaining("unknown: evil");
    }
}
