package io.resnetspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.resnetspark.common.NonHeapMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Truncated and overwritten images of every format: they must be decoded or refused, without other exceptions or leaks.
 */
class TestFuzzedImages {
    private static final int VARIANTS = 60;

    private static List<byte[]> wholes() throws IOException {
        List<byte[]> all = new ArrayList<>();
        all.add(ImageCodec.jpeg(SyntheticImages.ofClass(0, 640, 480, 1), 0.9f));
        all.add(ImageCodec.png(SyntheticImages.ofClass(1, 320, 240, 1)));
        try (Stream<Path> files = Files.list(Path.of("src/test/resources/pil"))) {
            files.filter(file -> !file.toString().contains(".expected."))
                    .sorted()
                    .map(TestFuzzedImages::read)
                    .forEach(all::add);
        }
        return all;
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Every other variant is overwritten in the first kilobyte, where the headers are. */
    private static byte[] variant(byte[] whole, int number, Random random) {
        int length = number % 3 == 0 ? 1 + random.nextInt(whole.length) : whole.length;
        byte[] hostile = Arrays.copyOf(whole, length);
        for (int i = 0; i < 1 + number % 6; i++) {
            int end = number % 2 == 0 ? Math.min(1024, length) : length;
            hostile[random.nextInt(end)] = (byte) random.nextInt();
        }
        return hostile;
    }

    /** @return the number of refused images */
    private static int decode(List<byte[]> wholes, long seed) {
        Random random = new Random(seed);
        int refused = 0;
        for (byte[] whole : wholes) {
            for (int i = 0; i < VARIANTS; i++) {
                byte[] hostile = variant(whole, i, random);
                Throwable thrown = catchThrowable(() -> ImageCodec.decode(hostile));
                if (thrown != null) {
                    assertThat(thrown).as("seed %d, variant %d", seed, i).isInstanceOf(BadImageException.class);
                    refused++;
                }
            }
        }
        return refused;
    }

    @Test
    void areDecodedOrRefusedWithoutLeaks() throws IOException {
        assumeThat(Path.of("/proc/self/smaps")).as("Linux").exists();
        List<byte[]> wholes = wholes();
        int all = wholes.size() * VARIANTS;
        assertThat(decode(wholes, 0)).isBetween(all / 4, all - all / 8);
        long before = NonHeapMemory.kib(ProcessHandle.current());
        int refused = decode(wholes, 1) + decode(wholes, 2);
        long between = NonHeapMemory.kib(ProcessHandle.current());
        refused += decode(wholes, 3) + decode(wholes, 4);
        long after = NonHeapMemory.kib(ProcessHandle.current());
        assertThat(refused).isGreaterThan(all);
        // Compilers and the remains of other tests added 1 to 41 MiB, once. Decoders that are not closed after a
        // refusal would add 49 MiB each time.
        assertThat(Math.min(between - before, after - between))
                .as("KiB held: %d, %d, %d", before, between, after)
                .isLessThan(20 << 10);
    }
}
