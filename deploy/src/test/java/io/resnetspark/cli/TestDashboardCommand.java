package io.resnetspark.cli;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What it refuses to start with; what it serves is tested beside the server. */
class TestDashboardCommand extends Commands {
    @BeforeEach
    void folders() throws IOException {
        Files.createDirectories(folder.resolve("registry"));
        Files.createDirectories(folder.resolve("runs"));
    }

    private void refusedWith(String message, String... words) {
        refused(message, with(new String[] {"dashboard", "--registry", at("registry"), "--runs", at("runs")}, words));
    }

    @Test
    void otherMachinesNeedAToken() {
        for (String host : new String[] {"0.0.0.0", "::", "192.0.2.1"}) {
            refusedWith("--host " + host + " is reached by other machines", "--host", host);
            refusedWith("Give --token-file FILE, or leave --host out", "--host", host);
        }
    }

    @Test
    void aTokenThatCanBeGuessedIsRefused() throws IOException {
        Files.writeString(folder.resolve("token"), "secret\n");
        refusedWith("The token has 6 characters; wanted at least 16", "--token-file", at("token"));
        Files.writeString(folder.resolve("token"), "");
        refusedWith("openssl rand -hex 32", "--token-file", at("token"), "--host", "0.0.0.0");
        refusedWith("nothing", "--token-file", at("nothing"));
    }

    @Test
    void foldersThatAreNotThereAreRefused() {
        refused("There is no folder at", "dashboard", "--registry", at("nowhere"), "--runs", at("runs"), "--port", "0");
        refused("There is no folder at", "dashboard", "--registry", at("registry"), "--runs", at("nowhere"));
        refused("Missing required option", "dashboard", "--registry", at("registry"));
    }

    @Test
    void portsAndHostsThatAreNoneAreRefused() {
        refusedWith("--port 65536 is no port; wanted 0 to 65535", "--port", "65536");
        refusedWith("--port -1 is no port", "--port", "-1");
        refusedWith("There is no host 'no such host'", "--host", "no such host");
    }
}
