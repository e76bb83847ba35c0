package io.resnetspark.cli;

import io.resnetspark.registry.ModelVersion;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;

/**
 * A version of a model in a line.
 *
 * @param top1Error 0 to 1; null if it was not evaluated
 */
record VersionListing(String name, int version, List<String> aliases, Double top1Error, String created) {
    static VersionListing of(ModelVersion version, Map<String, Integer> aliases) {
        return new VersionListing(
                version.name(),
                version.number(),
                VersionDetails.aliases(version, aliases),
                version.description().result().map(result -> result.top1Error()).orElse(null),
                version.description().provenance().created());
    }

    static void print(List<VersionListing> versions, PrintWriter out) {
        out.printf("%-24s %7s %11s  %-30s  %s%n", "name", "version", "top-1 error", "created", "aliases");
        for (VersionListing one : versions) {
            String error = one.top1Error == null ? "-" : String.format("%.2f %%", 100 * one.top1Error);
            String aliases = String.join(", ", one.aliases);
            out.printf("%-24s %7d %11s  %-30s  %s%n", one.name, one.version, error, one.created, aliases);
        }
    }
}
