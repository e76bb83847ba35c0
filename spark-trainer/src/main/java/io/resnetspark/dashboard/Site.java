package io.resnetspark.dashboard;

import io.resnetspark.analysis.Heat;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ImageClassifier.Explained;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** From what is asked to what is answered. Knows no server. */
final class Site {
    private static final int MAX_FORM = 4096;

    private final Access access;
    private final Models models;
    private final Runs runs;
    private final List<Path> datasets;
    private final Configuration conf;
    private final PredictionQueue predictions;
    private final Assets assets = new Assets();
    private final Cache<Dataset> opened;

    Site(
            Access access,
            Models models,
            Runs runs,
            List<Path> datasets,
            PredictionQueue predictions,
            Configuration conf) {
        this.access = access;
        this.models = models;
        this.runs = runs;
        this.datasets = List.copyOf(datasets);
        this.predictions = predictions;
        this.conf = conf;
        this.opened = new Cache<>(Math.max(1, datasets.size()));
    }

    Response answer(Request request) throws IOException {
        Optional<String> foreign = access.foreign(request);
        if (foreign.isPresent()) {
            return Response.refused(403, foreign.get());
        }
        Optional<List<String>> parts = request.parts();
        if (parts.isEmpty()) {
            return Response.refused(400, "This path is none of this server.");
        }
        List<String> path = parts.get();
        boolean predicts = path.size() == 4 && path.subList(0, 2).equals(List.of("api", "predict"));
        boolean login = path.equals(List.of("login"));
        List<String> allowed = predicts || login ? List.of("POST") : List.of("GET", "HEAD");
        if (!allowed.contains(request.method())) {
            return Response.refused(405, "This takes " + String.join(" or ", allowed) + " alone.")
                    .with("Allow", String.join(", ", allowed));
        }
        if (path.equals(List.of("health"))) {
            return health();
        }
        if (login) {
            return login(request);
        }
        if (!access.allows(request)) {
            return unknown(request, path);
        }
        return predicts ? predict(request, path.get(2), path.get(3)) : page(path);
    }

    private Response unknown(Request request, List<String> path) {
        if (path.equals(List.of("report.css"))) {
            return assets.find("report.css").orElseThrow(); // of the page that asks for the token
        }
        String header = request.header("authorization");
        String why = header == null ? "There is no token." : "The token is wrong.";
        boolean bearer = header != null && header.startsWith("Bearer "); // a proxy may hand on its own login
        return path.isEmpty() && !bearer
                ? assets.login(401, "").refusedSince(why)
                : Response.refused(401, why + " Wanted: the header Authorization: Bearer TOKEN.")
                        .with("WWW-Authenticate", "Bearer");
    }

    private Response login(Request request) throws IOException {
        byte[] form = request.read(MAX_FORM + 1);
        String text = new String(form, StandardCharsets.UTF_8);
        boolean right = form.length <= MAX_FORM
                && Stream.of(text.split("&"))
                        .filter(field -> field.startsWith("token="))
                        .anyMatch(field -> access.isToken(decoded(field.substring("token=".length()))));
        return right
                ? Response.of(303, Response.HTML, new byte[0])
                        .with("Location", "/")
                        .with(
                                "Set-Cookie",
                                Access.COOKIE + "=" + access.session() + "; Path=/; HttpOnly; SameSite=Strict")
                : assets.login(401, "This is not the token.").refusedSince("A wrong token was sent as a form.");
    }

    private static String decoded(String field) {
        try {
            return URLDecoder.decode(field, StandardCharsets.UTF_8).strip();
        } catch (IllegalArgumentException noEscape) {
            return "";
        }
    }

    private Response page(List<String> path) throws IOException {
        String first = path.isEmpty() ? "" : path.get(0);
        Optional<Response> found = switch (path.size()) {
            case 0 -> assets.find("");
            case 1 ->
                first.equals("metrics")
                        ? Optional.of(Response.text(PrometheusMetrics.TYPE, figures()))
                        : assets.find(first);
            case 2 -> first.equals("api") ? listing(path.get(1)) : Optional.empty();
            case 3 -> ofRun(path);
            case 5 -> card(path);
            default -> Optional.empty();
        };
        return found.orElseGet(() -> Response.refused(404, "There is nothing of this name."));
    }

    private Optional<Response> listing(String what) throws IOException {
        return switch (what) {
            case "models" ->
                Optional.of(Response.json(
                        200, models.list().stream().map(ModelRow::recent).toList()));
            case "runs" -> Optional.of(Response.json(200, rows()));
            default -> Optional.empty();
        };
    }

    private List<RunRow> rows() throws IOException {
        long now = System.currentTimeMillis();
        return runs.list().stream().map(run -> run.at(now)).toList();
    }

    private Optional<Response> ofRun(List<String> path) throws IOException {
        if (path.get(0).equals("api") && path.get(1).equals("runs")) {
            return runs.find(path.get(2))
                    .map(run -> Response.json(
                            200,
                            new RunDetails(run.row().at(System.currentTimeMillis()), run.summary(), run.outcome())));
        }
        if (path.get(0).equals("runs") && path.get(2).equals("report.html")) {
            return runs.report(path.get(1))
                    .map(page -> Response.of(200, Response.HTML, page)
                            .with("Content-Security-Policy", Response.POLICY_OF_REPORTS)
                            // With a sandbox, a browser would refuse the page.
                            .with("Cross-Origin-Opener-Policy", "unsafe-none"));
        }
        return Optional.empty();
    }

    /** api/models/NAME/VERSION/card. */
    private Optional<Response> card(List<String> path) throws IOException {
        return path.subList(0, 2).equals(List.of("api", "models"))
                        && path.get(4).equals("card")
                ? models.card(path.get(2), path.get(3)).map(text -> Response.text("text/plain; charset=utf-8", text))
                : Optional.empty();
    }

    /** @param explanation what the network sees of the image, with its class-activation map: a data URI of a PNG */
    private record Predicted(String model, List<ImageClassifier.Prediction> predictions, String explanation) {}

    private Response predict(Request request, String name, String number) throws IOException {
        int max = PredictionQueue.LIMITS.maxBytes();
        if (request.length() != null && request.length() > max) {
            return tooLong(max);
        }
        Optional<ModelVersion> version = models.find(name, number);
        if (version.isEmpty()) {
            return Response.refused(404, "There is no such version of a model.");
        }
        if (!predictions.enter()) {
            return Response.refused(503, "Too many predictions are waiting. Try again in a second.")
                    .with("Retry-After", "1");
        }
        try {
            byte[] image = request.read(max + 1);
            if (image.length > max) {
                return tooLong(max);
            }
            return Response.json(200, predicted(version.get(), predictions.predict(version.get(), image)));
        } catch (BadImageException bad) {
            return Response.refused(422, "This is no image that can be read: " + bad.getMessage() + ".");
        } finally {
            predictions.leave();
        }
    }

    private static Predicted predicted(ModelVersion version, Explained explained) {
        byte[] png = ImageCodec.png(Heat.over(explained.seen(), explained.map().map()));
        return new Predicted(
                version.reference(),
                explained.predictions(),
                "data:image/png;base64," + Base64.getEncoder().encodeToString(png));
    }

    private static Response tooLong(int max) {
        return Response.refused(413, "This file is too long; at most " + (max >> 20) + " MiB may be sent.");
    }

    /** For probes, which know no token: whether both folders can be read. */
    private Response health() {
        try {
            models.list();
            runs.list();
            return Response.json(200, Map.of("status", "ok"));
        } catch (IOException | RuntimeException unreadable) {
            return Response.json(503, Map.of("status", "unreadable"))
                    .refusedSince("Registry or runs cannot be read: " + unreadable.getMessage());
        }
    }

    private String figures() throws IOException {
        PrometheusMetrics text = new PrometheusMetrics();
        text.counter("resnet_dashboard_predictions_total", "Images that were classified here.", predictions.count());
        Figures.ofRuns(rows(), text);
        Figures.ofModels(models.list(), text);
        for (Path dataset : datasets) {
            ofDataset(dataset, text);
        }
        return text.toString();
    }

    /** One that cannot be read costs its own figures alone. */
    private void ofDataset(Path dataset, PrometheusMetrics text) {
        String name = dataset.toString();
        boolean readable = true;
        try {
            Figures.ofDataset(name, opened.get(name, source(dataset)), text);
        } catch (IOException | RuntimeException unreadable) {
            readable = false;
        }
        text.gauge("resnet_dataset_readable", "Whether the dataset can be read.", readable ? 1 : 0, "dataset", name);
    }

    private Cache.Source<Dataset> source(Path dataset) {
        return new Cache.Source<>() {
            @Override
            public Object stamp() throws IOException {
                return Cache.stamp(dataset.getFileSystem(conf).getFileStatus(new Path(dataset, Dataset.FILE)));
            }

            @Override
            public Dataset read() throws IOException {
                return Dataset.open(dataset, conf).dataset();
            }
        };
    }
}
