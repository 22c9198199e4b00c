import Glibc

/// SIGQUIT, which Ctrl-\ sends.
public enum QuitSignal {
    /// Lets it end the process. Swift's backtracer takes it otherwise, describes it as a crash and lets the process go on.
    /// Where it is ignored it stays so: shells do that to what they start in the background.
    public static func endsTheProcess() {
        var action = sigaction()
        sigaction(SIGQUIT, nil, &action)
        let ignored = 1
        if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != ignored { signal(SIGQUIT, SIG_DFL) }
    }
}
