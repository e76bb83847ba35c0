package io.resnetspark.source;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Utf8;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.Struct;

/**
 * The development kit of ILSVRC2012: the synset of each number (data/meta.mat), and the numbers of the validation
 * images in order. The numbers are the kit's own, not alphabetical, so they are never used as labels.
 *
 * @param wnids of the 1,000 leaves, by the kit's number
 * @param groundTruth the kit's number of each validation image
 */
record IlsvrcDevkit(TreeMap<Integer, String> wnids, List<Integer> groundTruth) implements Serializable {
    /** The largest unpacked file that is read; the real ones are far smaller. */
    private static final int MAX_BYTES = 64 << 20;

    private static final String NAME = "ILSVRC2012_devkit_t12";
    private static final String META = "meta.mat";
    private static final String TRUTH = "ILSVRC2012_validation_ground_truth.txt";

    /** The kit in a folder, packed or not; null if there is none. */
    static IlsvrcDevkit find(Path root, Configuration conf) throws IOException {
        FileSystem files = root.getFileSystem(conf);
        Path packed = new Path(root, NAME + ".tar.gz");
        Path unpacked = new Path(root, NAME + "/data");
        if (files.exists(packed)) {
            return of(unpack(Sources.read(packed, conf), packed), packed);
        }
        if (!files.exists(unpacked)) {
            return null;
        }
        Map<String, byte[]> contents = new HashMap<>();
        for (String name : List.of(META, TRUTH)) {
            try {
                contents.put(name, Sources.read(new Path(unpacked, name), conf));
            } catch (FileNotFoundException missing) {
                throw new BadInputException(unpacked + " lacks " + name + ". Unpack the devkit again.", missing);
            }
        }
        return of(contents, unpacked);
    }

    private static Map<String, byte[]> unpack(byte[] bytes, Path from) {
        Map<String, byte[]> contents = new HashMap<>();
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new GZIPInputStream(new ByteArrayInputStream(bytes)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String name = entry.getName().replaceFirst(".*/", "");
                if (entry.isFile() && (name.equals(META) || name.equals(TRUTH))) {
                    byte[] content = tar.readNBytes(MAX_BYTES + 1);
                    if (content.length > MAX_BYTES) {
                        throw new IOException(name + " has more than " + MAX_BYTES + " bytes");
                    }
                    contents.put(name, content);
                }
            }
        } catch (IOException | IllegalArgumentException damaged) {
            throw new BadInputException(from + " is cut short or damaged: " + damaged.getMessage(), damaged);
        }
        return contents;
    }

    private static IlsvrcDevkit of(Map<String, byte[]> contents, Path from) {
        if (!contents.keySet().containsAll(List.of(META, TRUTH))) {
            throw new BadInputException(from + " lacks " + META + " or " + TRUTH + "; is it another year's devkit?");
        }
        try {
            return new IlsvrcDevkit(
                    leaves(contents.get(META)), numbers(Utf8.decode(contents.get(TRUTH), from + "/" + TRUTH)));
        } catch (IOException | IllegalArgumentException | ClassCastException wrong) {
            throw new BadInputException(from + " cannot be read: " + wrong.getMessage(), wrong);
        }
    }

    /** The synsets without children: these are the classes. The others are their ancestors in WordNet. */
    private static TreeMap<Integer, String> leaves(byte[] mat) throws IOException {
        Struct synsets = Mat5.newReader(us.hebi.matlab.mat.types.Sources.wrap(mat))
                .readMat()
                .getStruct("synsets");
        TreeMap<Integer, String> leaves = new TreeMap<>();
        for (int i = 0; i < synsets.getNumElements(); i++) {
            if (synsets.getMatrix("num_children", i).getDouble(0) == 0) {
                int number = synsets.getMatrix("ILSVRC2012_ID", i).getInt(0);
                leaves.put(number, synsets.getChar("WNID", i).getString());
            }
        }
        return leaves;
    }

    private static List<Integer> numbers(String text) {
        return text.lines().map(line -> Integer.valueOf(line.strip())).toList();
    }
}
