package io.resnetspark.cli;

import io.resnetspark.dashboard.DashboardServer;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "dashboard",
        description =
                "Serves a page about a registry and runs, until it is stopped: models, runs under way and past, the"
                        + " evidence behind promotions and refusals, and predictions of images that are dropped on it."
                        + " It changes nothing. /metrics is for Prometheus.")
final class DashboardCommand implements Callable<Integer> {
    /** Before file systems close, which have 10. */
    private static final int PRIORITY = 50;

    @Option(names = "--registry", required = true, paramLabel = "URI", description = "The registry's folder.")
    String registry;

    @Option(
            names = "--runs",
            required = true,
            paramLabel = "URI",
            description = "A folder of runs: those right below it are shown.")
    String runs;

    @Option(
            names = "--data",
            paramLabel = "URI",
            description = "A dataset whose quarantine /metrics counts. May be given several times.")
    List<String> datasets = List.of();

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "The address to listen at. One that other machines reach needs --token-file. Default:"
                    + " ${DEFAULT-VALUE}.")
    String host;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8090",
            description = "The port to listen at; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "A file with one line: what clients must know, at least 16 characters.")
    String tokenFile;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (port < 0 || port > 65_535) {
            throw new BadInputException("--port " + port + " is no port; wanted 0 to 65535.");
        }
        if (tokenFile == null && !DashboardServer.address(host).isLoopbackAddress()) {
            throw new BadInputException("--host " + host + " is reached by other machines, and anyone there could read"
                    + " all of it. Give --token-file FILE, or leave --host out: then only this machine reaches it.");
        }
        Configuration conf = new Configuration();
        DashboardServer.Options options = new DashboardServer.Options(
                Locations.of(registry),
                Locations.of(runs),
                datasets.stream().map(Locations::of).toList(),
                host,
                port,
                tokenFile == null
                        ? null
                        : Utf8.read(Locations.of(tokenFile), conf).strip());
        CountDownLatch ended = new CountDownLatch(1);
        try (DashboardServer server =
                DashboardServer.start(options, conf, LoggerFactory.getLogger(DashboardServer.class)::warn)) {
            // By SIGTERM or Ctrl-C: who is being answered has a second to end.
            ShutdownHookManager.get()
                    .addShutdownHook(
                            () -> {
                                server.close();
                                ended.countDown();
                            },
                            PRIORITY);
            spec.commandLine().getOut().println(server.uri());
            spec.commandLine().getOut().flush();
            ended.await();
        }
        return 0;
    }
}
