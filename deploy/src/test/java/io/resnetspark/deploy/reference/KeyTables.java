package io.resnetspark.deploy.reference;

import io.resnetspark.train.recipe.Key;
import io.resnetspark.train.recipe.TransformList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The keys of a recipe or a plan, a table for each block. */
final class KeyTables {
    private static final String BLOCK = "a block";

    private KeyTables() {}

    static String of(List<Key> keys, String whole) {
        Map<String, List<List<String>>> tables = new LinkedHashMap<>();
        Map<String, String> meanings = new LinkedHashMap<>();
        tables.put("", new ArrayList<>());
        meanings.put("", "");
        for (Key key : keys) {
            int dot = key.path().lastIndexOf('.');
            String block = key.path().substring(0, Math.max(0, dot));
            if (key.allowed().startsWith(BLOCK)
                    && keys.stream().anyMatch(other -> other.path().startsWith(key.path() + "."))) {
                tables.put(key.path(), new ArrayList<>());
                meanings.put(key.path(), key.meaning());
            } else {
                tables.get(block).add(row(key, key.path().substring(dot + 1)));
            }
        }
        StringBuilder page = new StringBuilder();
        tables.forEach((block, rows) -> {
            page.append("## ").append(block.isEmpty() ? whole : block).append("\n\n");
            if (!meanings.get(block).isEmpty()) {
                page.append(meanings.get(block)).append("\n\n");
            }
            if (!rows.isEmpty()) {
                page.append(Table.of(List.of("key", "value", "default", "meaning"), rows))
                        .append('\n');
            }
        });
        return page.toString();
    }

    /** The transforms of data.augmentation, a row for each of their keys. */
    static String transforms() {
        List<List<String>> rows = new ArrayList<>();
        TransformList.keys().forEach((provider, keys) -> {
            rows.add(List.of("`" + provider.kind() + "`", "", "", "", provider.description()));
            keys.forEach(key -> {
                List<String> cells = new ArrayList<>(row(key, key.path()));
                cells.add(0, "");
                rows.add(cells);
            });
        });
        return Table.of(List.of("kind", "key", "value", "default", "meaning"), rows);
    }

    private static List<String> row(Key key, String name) {
        String conditions = key.conditions().isEmpty() ? "" : "With `" + String.join("`, `", key.conditions()) + "`. ";
        String needed = key.conditions().isEmpty() ? "needed" : "needed then";
        return List.of(
                "`" + name + "`",
                values(key.allowed()),
                key.defaultValue().map(value -> "`" + value + "`").orElse(needed),
                conditions + key.meaning());
    }

    /** Without the article, the zeros of 1.0 and 1.0E9, and the value of another key at which this one was asked for. */
    private static String values(String allowed) {
        return allowed.replaceFirst("^an? ", "")
                .replaceAll("(\\d)\\.0\\b", "$1")
                .replaceAll("(\\d)\\.0E", "$1e")
                .replaceAll("\\b([a-z-]+) \\(\\d+\\)", "`$1`");
    }
}
