package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.resnetspark.input.augment.Augmentation;
import io.resnetspark.input.augment.Transform;
import io.resnetspark.input.augment.TransformProvider;
import io.resnetspark.input.augment.Transforms;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** The list {@code data.augmentation}: a block for each transform, in order. */
public final class TransformList {
    static final String KIND = "kind";
    static final String PATH = "data.augmentation";

    private static final String KEY = "augmentation";
    private static final String ALLOWED = "a list of transforms [ { kind = ..., ... }, ... ]";

    /** An entry: the transform, and its block with nothing left out. */
    private record Entry(Transform transform, Map<String, Object> block) {}

    private TransformList() {}

    static Augmentation read(Section data, int side) {
        List<Entry> entries = entries(data, side);
        try {
            return Augmentation.of(entries.stream().map(Entry::transform).toList(), side);
        } catch (IllegalArgumentException impossible) {
            List<Object> kinds =
                    entries.stream().map(entry -> entry.block.get(KIND)).toList();
            data.problem(KEY, kinds, "another order or choice: " + impossible.getMessage());
            return Augmentation.of(List.of(), side);
        }
    }

    private static List<Entry> entries(Section data, int side) {
        SortedMap<String, TransformProvider> known = Transforms.found();
        List<Entry> entries = new ArrayList<>();
        for (Section block : data.sections(KEY, ALLOWED)) {
            String kind = block.text(KIND);
            TransformProvider provider = known.get(kind);
            if (provider != null) {
                TransformSection settings = new TransformSection(block, kind, side);
                entries.add(new Entry(provider.create(settings), settings.values()));
                block.refuseUnknown();
            } else if (block.has(KIND)) {
                block.problem(
                        KIND,
                        kind,
                        "one of " + String.join(", ", known.keySet()) + "; others are found in jars on the class path");
            }
        }
        return entries;
    }

    /** The recipe with a list in which no key is left out; unchanged where it has problems, which reading it tells. */
    static Config withDefaults(Config recipe) {
        Problems problems = new Problems();
        Section data = new Section(recipe, "", problems).section("data");
        int side = data.integer("image-size", 16, 1024);
        List<Map<String, Object>> blocks =
                entries(data, side).stream().map(Entry::block).toList();
        if (!problems.isEmpty()) {
            return recipe;
        }
        return recipe.withValue(
                PATH,
                ConfigValueFactory.fromIterable(blocks)
                        .withOrigin(recipe.getValue(PATH).origin()));
    }

    /** The keys of every transform on the class path, for the reference page. */
    public static Map<TransformProvider, List<Key>> keys() {
        Map<TransformProvider, List<Key>> keys = new LinkedHashMap<>();
        Transforms.found().forEach((kind, provider) -> {
            Section nothing = new Section(ConfigFactory.empty(), "", new Problems());
            TransformSection settings = new TransformSection(nothing, kind, 16);
            provider.create(settings);
            keys.put(provider, settings.keys());
        });
        return keys;
    }
}
