package io.resnetspark.registry;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Renames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Published models on any Hadoop path: a folder for each {@link RegisteredModel}. */
public final class Registry {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private final Path root;
    private final Configuration conf;

    public Registry(Path root, Configuration conf) throws IOException {
        FileSystem files = root.getFileSystem(conf);
        this.root = files.makeQualified(root);
        this.conf = conf;
    }

    /** A model by its name, whether there are versions of it or not. */
    public RegisteredModel model(String name) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new BadInputException("'" + name + "' cannot name a model: letters, digits, dot, dash and underscore,"
                    + " beginning with a letter or digit.");
        }
        return new RegisteredModel(name, new Path(root, name), conf);
    }

    /** All models, by name. */
    public List<RegisteredModel> models() throws IOException {
        List<RegisteredModel> models = new ArrayList<>();
        List<String> names = Stream.of(Renames.list(root, conf))
                .filter(FileStatus::isDirectory)
                .map(folder -> folder.getPath().getName())
                .filter(name -> NAME.matcher(name).matches())
                .sorted()
                .toList();
        for (String name : names) {
            models.add(model(name));
        }
        return models;
    }

    /** All versions of all models, by name and number. */
    public List<ModelVersion> list() throws IOException {
        List<ModelVersion> versions = new ArrayList<>();
        for (RegisteredModel model : models()) {
            for (int number : model.numbers()) {
                versions.add(model.find(String.valueOf(number)));
            }
        }
        return versions;
    }

    /** A version by "name" (its newest), "name@3", "name@v3" or "name@champion". */
    public ModelVersion find(String reference) throws IOException {
        String[] parts = reference.split("@", 2);
        RegisteredModel model = model(parts[0]);
        return parts.length == 1 ? model.newest() : model.find(parts[1]);
    }
}
