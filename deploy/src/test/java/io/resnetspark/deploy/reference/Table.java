package io.resnetspark.deploy.reference;

import java.util.List;
import java.util.stream.Collectors;

/** A table in Markdown. */
final class Table {
    private Table() {}

    static String of(List<String> head, List<List<String>> rows) {
        return line(head)
                + line(head.stream().map(column -> "---").toList())
                + rows.stream().map(Table::line).collect(Collectors.joining());
    }

    private static String line(List<String> cells) {
        return cells.stream().map(cell -> cell.replace("|", "\\|")).collect(Collectors.joining(" | ", "| ", " |\n"));
    }
}
