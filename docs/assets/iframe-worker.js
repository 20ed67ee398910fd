// A page opened from a file may start no worker, and the search of the guide is one. Here it runs in a hidden frame
// instead. Elsewhere nothing changes.
(() => {
  if (location.protocol !== "file:") return;
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.appendChild(frame);
      const inside = frame.contentWindow;
      window.addEventListener("message", (event) => {
        if (event.source !== inside) return;
        const told = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(told);
        if (this.onmessage) this.onmessage(told);
      });
      this.waiting = [];
      // What the worker calls to answer must reach this page, and not the frame itself.
      inside.document.open();
      inside.document.write(
        "<!doctype html><script>postMessage = (data) => parent.postMessage(data, '*')</" + "script>" +
        '<script src="' + new URL(url, document.baseURI).href + '"></' + "script>");
      inside.document.close();
      frame.addEventListener("load", () => {
        this.waiting.splice(0).forEach((data) => this.tell(data));
        this.waiting = null;
      });
      this.frame = frame;
    }
    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.tell(data);
    }
    tell(data) {
      const inside = this.frame.contentWindow;
      inside.dispatchEvent(new inside.MessageEvent("message", { data, source: window }));
    }
    terminate() {
      this.frame.remove();
    }
  };
  window.Worker = window.IFrameWorker;
})();
