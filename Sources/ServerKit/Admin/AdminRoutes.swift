import Hummingbird
import NIOCore

/// What the admin listener answers.
struct AdminRoutes: Sendable {
    let metrics: MetricsRegistry
    let readiness: @Sendable () -> Readiness
    let health: @Sendable () async -> Readiness

    /// To HEAD the same without the body (RFC 9110 section 9.3.2).
    func response(to request: Request) async -> Response {
        var response = await fullResponse(to: request)
        guard request.method == .head else { return response }
        if let bytes = response.body.contentLength { response.headers[.contentLength] = "\(bytes)" }
        response.body = ResponseBody()
        return response
    }

    private func fullResponse(to request: Request) async -> Response {
        guard ["/healthz", "/readyz", "/metrics"].contains(request.uri.path) else {
            return answer(.notFound, "not found: /healthz, /readyz and /metrics are here\n")
        }
        guard request.method == .get || request.method == .head else {
            var refused = answer(.methodNotAllowed, "only GET and HEAD\n")
            refused.headers[.allow] = "GET, HEAD"
            return refused
        }
        switch request.uri.path {
        case "/healthz": return answer(await health(), good: "healthy", bad: "unhealthy")
        case "/readyz": return answer(readiness(), good: "ready", bad: "not ready")
        default: return answer(.ok, metrics.prometheusText(), contentType: PrometheusText.contentType)
        }
    }

    /// One line: `ready`, or `not ready: reason; reason`.
    private func answer(_ state: Readiness, good: String, bad: String) -> Response {
        switch state {
        case .ready: return answer(.ok, good + "\n")
        case .notReady(let reasons):
            let why = reasons.map { LogText.escaped($0, quote: "\"") }.joined(separator: "; ")
            return answer(.serviceUnavailable, "\(bad): \(why)\n")
        }
    }

    private func answer(
        _ status: HTTPResponse.Status, _ body: String, contentType: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
