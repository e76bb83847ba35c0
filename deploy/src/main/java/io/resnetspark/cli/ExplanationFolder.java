package io.resnetspark.cli;

import io.resnetspark.analysis.Heat;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.artifact.ImageClassifier.Explained;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashSet;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Images with their activation maps, one PNG each, named after the image. */
final class ExplanationFolder {
    private final String folder;
    private final Configuration conf;
    private final Set<String> taken = new HashSet<>();

    /** @throws BadInputException if the folder exists */
    ExplanationFolder(String folder, Configuration conf) throws IOException {
        this.folder = folder.replaceFirst("(?<=.)/+$", "");
        this.conf = conf;
        NewOutput.of(folder, "--explain", conf);
    }

    /** @return the file, as the user would call it */
    String write(String image, Explained explained) throws IOException {
        String file = folder + "/" + nameFor(image);
        Path path = Locations.of(file);
        try (OutputStream out = AtomicDirectory.fileSystem(path, conf).create(path, false)) {
            out.write(ImageCodec.png(Heat.over(explained.seen(), explained.map().map())));
        }
        return file;
    }

    /** Images of the same name in several folders get numbers. */
    private String nameFor(String image) {
        String base = image.replaceFirst("/+$", "").replaceFirst(".*/", "");
        String name = base + ".png";
        for (int n = 2; !taken.add(name); n++) {
            name = base + "-" + n + ".png";
        }
        return name;
    }
}
