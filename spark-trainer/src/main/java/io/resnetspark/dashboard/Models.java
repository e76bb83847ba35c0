package io.resnetspark.dashboard;

import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.Registry;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ArtifactFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/** The models of a registry, their versions, and what was decided about them. */
final class Models {
    private static final int MAX_VERSIONS = 5000;

    private final RootFolder root;
    private final Registry registry;
    private final Cache<List<ModelRow>> models = new Cache<>(1);
    /** A version never changes, so each is read once; another may take its place in a registry that is filled anew. */
    private final Cache<VersionRow> versions = new Cache<>(MAX_VERSIONS);

    Models(RootFolder root) throws IOException {
        this.root = root;
        this.registry = new Registry(root.path(), root.conf());
    }

    /** By name; what cannot be read says why. */
    List<ModelRow> list() throws IOException {
        return models.get("", new Cache.Source<>() {
            @Override
            public Object stamp() {
                return new Object(); // of many files; reading them costs as much
            }

            @Override
            public List<ModelRow> read() throws IOException {
                List<ModelRow> all = new ArrayList<>();
                for (RegisteredModel model : registry.models()) {
                    if (root.isWithin(model.folder())) {
                        all.add(row(model));
                    }
                }
                return all;
            }
        });
    }

    private ModelRow row(RegisteredModel model) {
        try {
            Map<String, Integer> aliases = model.events().aliases();
            List<VersionRow> rows = new ArrayList<>();
            for (int number : model.numbers()) {
                rows.add(versions.get(model.name() + "@" + number, source(model, number))
                        .with(aliases));
            }
            return new ModelRow(model.name(), aliases, rows, model.history(), null);
        } catch (IOException | RuntimeException unreadable) {
            return new ModelRow(model.name(), Map.of(), List.of(), List.of(), String.valueOf(unreadable.getMessage()));
        }
    }

    private Cache.Source<VersionRow> source(RegisteredModel model, int number) {
        return new Cache.Source<>() {
            @Override
            public Object stamp() throws IOException {
                Path manifest = new Path(folder(model, number), Manifest.FILE);
                return root.has(manifest)
                        ? Cache.stamp(manifest.getFileSystem(root.conf()).getFileStatus(manifest))
                        : "none";
            }

            @Override
            public VersionRow read() {
                try {
                    if (!root.isWithin(folder(model, number))) {
                        throw new IOException("It is a link, and links are not followed.");
                    }
                    Optional<RegistryEvent> published = model.publication(number);
                    return VersionRow.of(model.find(String.valueOf(number)), published);
                } catch (IOException | RuntimeException unreadable) { // the others are there all the same
                    return VersionRow.damaged(number, unreadable);
                }
            }

            @Override
            public boolean keeps(VersionRow row) {
                return row.problem() == null;
            }
        };
    }

    private static Path folder(RegisteredModel model, int number) {
        return new Path(model.folder(), "v" + number);
    }

    /** A version that is listed and can be read. */
    Optional<ModelVersion> find(String name, String number) throws IOException {
        for (ModelRow model : list()) {
            for (VersionRow version : model.versions()) {
                if (model.name().equals(name)
                        && String.valueOf(version.number()).equals(number)
                        && version.problem() == null) {
                    return Optional.of(registry.model(name).find(number));
                }
            }
        }
        return Optional.empty();
    }

    /** The model card, in Markdown; none of versions that were made before there were any. */
    Optional<String> card(String name, String number) throws IOException {
        Optional<ModelVersion> version = find(name, number);
        if (version.isEmpty()) {
            return Optional.empty();
        }
        Path card = new Path(version.get().path(), ArtifactFiles.CARD);
        return root.has(card) ? Optional.of(Utf8.read(card, root.conf())) : Optional.empty();
    }
}
