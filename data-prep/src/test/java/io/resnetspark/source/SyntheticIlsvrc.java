package io.resnetspark.source;

import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.Struct;

/** A small ILSVRC2012: three classes, whose numbers in the devkit are not in alphabetical order. */
public final class SyntheticIlsvrc {
    public static final List<String> WNIDS = List.of("n01440764", "n02119789", "n03000000");
    /** By the devkit's number, from 1; the fourth is not a leaf. */
    private static final List<String> NUMBERED = List.of("n03000000", "n01440764", "n02119789", "n00001740");
    /** Numbers of the six validation images. */
    public static final List<Integer> TRUTH = List.of(2, 2, 1, 3, 1, 3);

    private static final int TRAIN = 8;

    private SyntheticIlsvrc() {}

    /** Writes the three archives as downloaded. */
    public static Path packed(Path root) throws IOException {
        Map<String, byte[]> train = new LinkedHashMap<>();
        for (String wnid : WNIDS) {
            train.put(wnid + ".tar", tar(training(wnid)));
        }
        Files.createDirectories(root);
        Files.write(root.resolve("ILSVRC2012_img_train.tar"), tar(train));
        Files.write(root.resolve("ILSVRC2012_img_val.tar"), tar(validation()));
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(tar(devkit(TRUTH)));
        }
        Files.write(root.resolve("ILSVRC2012_devkit_t12.tar.gz"), packed.toByteArray());
        return root;
    }

    /** Writes the same as folders. */
    public static Path unpacked(Path root) throws IOException {
        for (String wnid : WNIDS) {
            write(root.resolve("train").resolve(wnid), training(wnid));
        }
        write(root.resolve("val"), validation());
        write(root, devkit(TRUTH));
        return root;
    }

    private static void write(Path folder, Map<String, byte[]> files) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
    }

    private static Map<String, byte[]> training(String wnid) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < TRAIN; i++) {
            files.put(wnid + "_" + i + ".JPEG", image(WNIDS.indexOf(wnid), 100 + i));
        }
        return files;
    }

    public static Map<String, byte[]> validation() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 1; i <= TRUTH.size(); i++) {
            int label = WNIDS.indexOf(NUMBERED.get(TRUTH.get(i - 1) - 1));
            files.put(String.format(Locale.ROOT, "ILSVRC2012_val_%08d.JPEG", i), image(label, 200 + i));
        }
        return files;
    }

    private static byte[] image(int label, int seed) {
        return ImageCodec.jpeg(SyntheticImages.ofClass(label, 70, 60, 1000L * label + seed), 0.9f);
    }

    public static Map<String, byte[]> devkit(List<Integer> truth) throws IOException {
        Struct synsets = Mat5.newStruct(NUMBERED.size(), 1);
        for (int i = 0; i < NUMBERED.size(); i++) {
            synsets.set("ILSVRC2012_ID", i, Mat5.newScalar(i + 1));
            synsets.set("WNID", i, Mat5.newString(NUMBERED.get(i)));
            synsets.set("num_children", i, Mat5.newScalar(i == 3 ? 3 : 0));
        }
        Path mat = Files.createTempFile("meta", ".mat");
        try {
            Mat5.writeToFile(Mat5.newMatFile().addArray("synsets", synsets), mat.toFile());
            StringBuilder lines = new StringBuilder();
            truth.forEach(number -> lines.append(number).append('\n'));
            Map<String, byte[]> files = new LinkedHashMap<>();
            files.put("ILSVRC2012_devkit_t12/data/meta.mat", Files.readAllBytes(mat));
            files.put(
                    "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt",
                    lines.toString().getBytes(StandardCharsets.US_ASCII));
            return files;
        } finally {
            Files.delete(mat);
        }
    }

    public static byte[] tar(Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes)) {
            out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(file.getKey(), true);
                entry.setSize(file.getValue().length);
                out.putArchiveEntry(entry);
                out.write(file.getValue());
                out.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }
}
