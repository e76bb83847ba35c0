package io.resnetspark.deploy.reference;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Every package of the product with what its package-info.java says. */
final class PackageTable {
    private static final Path MAIN = Path.of("src", "main", "java");
    private static final String PREFIX = "io.resnetspark.";

    private PackageTable() {}

    /** @throws IllegalStateException naming a package without a comment */
    static String of(List<String> modules) throws IOException {
        Map<Path, String> comments = Javadoc.packages(Document.files("package-info.java"));
        List<List<String>> rows = new ArrayList<>();
        for (String module : modules) {
            Path sources = Document.ROOT.resolve(module).resolve(MAIN);
            String first = module;
            for (Path folder : folders(sources)) {
                String name = sources.relativize(folder).toString().replace('/', '.');
                if (!comments.containsKey(folder)) {
                    throw new IllegalStateException(
                            name + " has no package-info.java with a comment. Write what is in the"
                                    + " package, and who uses it, in one to three sentences.");
                }
                rows.add(List.of(first, "`" + name.substring(PREFIX.length()) + "`", comments.get(folder)));
                first = "";
            }
        }
        return Table.of(List.of("module", "package", "what is in it, and who uses it"), rows);
    }

    private static Set<Path> folders(Path sources) throws IOException {
        Set<Path> folders = new TreeSet<>();
        for (Path file : Document.files(".java")) {
            if (file.startsWith(sources)) {
                folders.add(file.getParent());
            }
        }
        return folders;
    }
}
