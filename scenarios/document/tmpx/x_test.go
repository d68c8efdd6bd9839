package tmpx
import ("testing";"bytes";"os"
"github.com/halltwin/halltwin/scenarios/document")
func TestX(t *testing.T){
 if err:=document.Verify(new(Spec)); err!=nil {t.Fatal(err)}
 for _,f:=range []string{"first-run","heat-wave-and-caps","power-feed-loss"}{
  l:=&document.Loader{Library: os.DirFS("/tmp/lib")}
  v,ds:=l.Load("/tmp/ex/"+f+".yaml")
  v,m:=l.Resolve(v); ds=append(ds,m...)
  var s Spec
  ds=append(ds,document.Decode(v,&s)...)
  ds.Render(os.Stdout,l.Sources(),false)
  var b bytes.Buffer
  if len(ds)==0{document.Resolved(&b,v,s); os.WriteFile("/tmp/resolved-"+f+".yaml",b.Bytes(),0o644)}
 }
 var b bytes.Buffer
 raw,err:=document.Schema(new(Spec),"https://x/y"); if err!=nil{t.Fatal(err)}
 os.WriteFile("/tmp/schema.json",raw,0o644)
 document.Reference(&b,new(Spec)); os.WriteFile("/tmp/ref.md",b.Bytes(),0o644)
}
