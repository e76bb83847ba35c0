package io.resnetspark.registry;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Manifest;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** What commands take as MODEL: an artifact directory, a run directory, or REGISTRY#NAME or REGISTRY#NAME@VERSION. */
public final class ModelReference {
    private ModelReference() {}

    public static Path resolve(String reference, Configuration conf) throws IOException {
        Path directory = Locations.of(reference);
        FileSystem files = directory.getFileSystem(conf);
        for (Path candidate : new Path[] {directory, new Path(directory, "model")}) {
            if (files.exists(new Path(candidate, Manifest.FILE))) {
                return candidate;
            }
        }
        int hash = reference.lastIndexOf('#');
        if (hash >= 0) { // only now: a directory's name may have one, too
            Registry registry = new Registry(Locations.of(reference.substring(0, hash)), conf);
            return registry.find(reference.substring(hash + 1)).path();
        }
        throw new BadInputException("There is no model at " + reference + ". Wanted: an artifact or run directory"
                + " (with " + Manifest.FILE + " or model/" + Manifest.FILE + "), or REGISTRY#NAME[@VERSION].");
    }
}
